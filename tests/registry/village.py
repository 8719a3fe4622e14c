"""A small registry file and the rows it may be given, as text, so that a test can spoil it."""

HOME = """[[homes]]
id = "{id}"
compound = "桂花苑"
building = "3栋"
unit = "2单元"
room = "{room}"
"""
RESIDENT = '[[residents]]\nid = "{id}"\nhome = "{home}"\nname = "张桂芳"\n{more}\n'
DEVICE = '[[devices]]\nid = "{id}"\nfamily = "own"\nhome = "{home}"\nclass = "{sort}"\n{more}\n'
RESPONDER = (
    '[[responders]]\nid = "{id}"\nname = "李明"\nrole = "{role}"\nphone = "{phone}"\n{more}\n'
)
PAIRING = '[[pairings]]\nhome = "{home}"\nresponder = "{responder}"\nrank = {rank}\n'


def home(home_id: str, room: str = "502") -> str:
    """A home's row."""
    return HOME.format(id=home_id, room=room)


def resident(resident_id: str, home_id: str, more: str = 'phone = "+8613800000001"') -> str:
    """A resident's row."""
    return RESIDENT.format(id=resident_id, home=home_id, more=more)


def device(device_id: str, home_id: str, more: str = "", sort: str = "smoke") -> str:
    """A device's row."""
    return DEVICE.format(id=device_id, home=home_id, more=more, sort=sort)


def responder(
    responder_id: str, role: str = "neighbour", phone: str = "+8613900000001", more: str = ""
) -> str:
    """A responder's row."""
    return RESPONDER.format(id=responder_id, role=role, phone=phone, more=more)


def pairing(home_id: str, responder_id: str, rank: int = 1) -> str:
    """A pairing's row."""
    return PAIRING.format(home=home_id, responder=responder_id, rank=rank)


def file(*rows: str) -> bytes:
    """A whole file."""
    return "".join(("version = 1\n", *rows)).encode()


VILLAGE = (
    home("h1", "501"),
    home("h2", "502"),
    resident("r1", "h1", 'called = "张奶奶"\nphone = "+8613800000001"'),
    resident("r2", "h2", 'phone = "+8613800000002"'),
    device("smoke-1", "h1", 'secret = "secret-one"'),
    device("band-1", "h1", 'resident = "r1"', "wristband"),
    device("smoke-2", "h2", 'secret = "secret-two"'),
    responder("d1", "desk", "+8657184310000"),
    responder("n1", phone="+8613900000001"),
    responder("n2", phone="+8613900000002", more="at_night = false"),
    responder("f1", "family", "+8613900000003"),
    pairing("h1", "n2", 2),
    pairing("h1", "n1", 1),
    pairing("h1", "f1", 3),
    pairing("h2", "n1", 1),
)
