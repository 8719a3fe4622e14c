"""The texts: those of ESCALATION to the letter, all of them in one segment."""

import unicodedata
from datetime import UTC, datetime
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerting.conversation import confirm, confirm_resident, landline
from alerting.effect import Medium, Submit, Template
from alerting.event import Answer
from alerting.hand_over import Place, script
from alerting.message import SEGMENT, Facts, render, units
from alerting.words import WHAT

NOW = datetime(2026, 3, 2, 11, 40, tzinfo=UTC)
FACTS = Facts("昭觉社区", "84310000", "3栋2单元502", "张桂芳", "19:40", "李明")
LONGEST = Facts(
    "昭觉县城北镇幸福社区",
    "0834-84310000",
    "12栋3单元1802",
    "欧阳春花",
    "19:40",
    "司马相如",
    tuple((n * 10 + 1, "12栋3单元1802") for n in range(1, 10)),
)
KINDS = (*WHAT, "something_new")


def order(
    template: Template,
    kind: str = "smoke",
    *,
    medium: Medium = Medium.SMS,
    slot: int | None = None,
    is_drill: bool = False,
    is_unanswered: bool = False,
) -> Submit:
    """An order for a text."""
    return Submit(
        key="k",
        home_id="h0001",
        alarm_id="a",
        person_id="n01",
        medium=medium,
        template=template,
        kind=kind,
        not_before=NOW,
        expires_at=NOW,
        raised_at=NOW,
        slot=slot,
        is_drill=is_drill,
        is_unanswered=is_unanswered,
    )


@pytest.mark.parametrize(
    ("submit", "text"),
    [
        (
            order(Template.ALARM),
            (
                "【昭觉社区】急！3栋2单元502张桂芳家烟雾报警19:40，请马上去敲门。"
                "见烟见火别进去，打119。能去回1，不能回2"
            ),
        ),
        (
            order(Template.ALARM, "help_call", is_unanswered=True),
            (
                "【昭觉社区】急！3栋2单元502张桂芳按了求助铃，电话没人接，请马上去敲门。"
                "能去回1，不能回2。值班室84310000"
            ),
        ),
        (
            order(Template.ALARM, "gas"),
            (
                "【昭觉社区】急！3栋2单元502燃气报警。别按门铃别开灯别进屋，敲门喊人出来，"
                "到楼外打119。能去回1，不能回2"
            ),
        ),
        (
            order(Template.ALARM, "no_motion", is_unanswered=True),
            (
                "【昭觉社区】请去看看3栋2单元502张桂芳，今天家里一直没动静，电话没人接。"
                "能去回1，不能回2。值班室84310000"
            ),
        ),
        (
            order(Template.GOING),
            (
                "【昭觉社区】谢谢！您去3栋2单元502，10分钟内到。到了回3；去不了回2，"
                "我们马上找别人。不会发文字就打84310000"
            ),
        ),
        (
            order(Template.ARRIVED),
            (
                "【昭觉社区】见到张桂芳本人了吗？人没事回4，要救护车回9，敲门没人应回8，"
                "在门口等，值班员马上给您打电话"
            ),
        ),
        (
            order(Template.STAND_DOWN),
            "【昭觉社区】3栋2单元502已有人去了，您不用去了，谢谢您。",
        ),
        (
            order(Template.DRILL, is_drill=True),
            "【昭觉社区】演练，不是真的：3栋2单元502烟雾报警。请您回1试一下，不用出门。",
        ),
    ],
)
def test_the_texts_of_the_page(submit: Submit, text: str) -> None:
    """Word for word, for the page's own example."""
    assert text == render(submit, FACTS)


def every_text(facts: Facts, medium: Medium = Medium.SMS) -> list[tuple[Submit, str]]:
    """Every template about every kind, with and without slot, drill and an unanswered call."""
    submits = [
        order(t, k, medium=medium, slot=slot, is_drill=drill, is_unanswered=unanswered)
        for t, k, slot, drill, unanswered in product(
            Template, KINDS, (None, 5), (False, True), (False, True)
        )
        if not (drill and t is Template.ALARM)
    ]
    return [(submit, render(submit, facts)) for submit in submits]


@pytest.mark.parametrize("facts", [FACTS, LONGEST], ids=["usual", "longest"])
def test_every_text_is_one_segment(facts: Facts) -> None:
    """At most 70 UTF-16 units, also for the longest names of a real town."""
    assert [] == [(s.template, text) for s, text in every_text(facts) if units(text) > SEGMENT]


@given(st.text(max_size=90), st.text(max_size=90), st.text(max_size=90))
def test_whatever_the_registry_holds(address: str, resident: str, community: str) -> None:
    """Names nobody could have meant cost the end of a text, never a second segment."""
    facts = FACTS._replace(address=address, resident=resident, community=community)
    for template in Template:
        assert units(render(order(template, slot=5), facts)) <= SEGMENT


def test_no_text_is_cut() -> None:
    """What is left out is left out in whole parts: each text ends as one of its parts does."""
    said = ("电话", "打119", "打110", "打120", "问问", "84310000", "接车")
    ends = ("。", "回2", "回52", "回9", "回59", "的回11", *said)
    endless = [
        text
        for submit, text in every_text(LONGEST)
        if not text.endswith(ends) and submit.template is not Template.WHICH_ONE
    ]
    assert [] == [text for text in endless if not text.endswith(("别人", "在门口等"))]


@pytest.mark.parametrize("facts", [FACTS, LONGEST], ids=["usual", "longest"])
@pytest.mark.parametrize("kind", KINDS)
def test_an_alarm_keeps_what_matters(facts: Facts, kind: str) -> None:
    """Whatever is left out, the place and both answers stay, with their slot."""
    text = render(order(Template.ALARM, kind, slot=5, is_unanswered=True), facts)
    assert facts.address in text
    assert text.index(facts.address) < text.index("回51") < text.index("回52")


@pytest.mark.parametrize(
    ("kind", "warning"),
    [("smoke", "别进去"), ("heat", "别进去"), ("co", "别进屋"), ("gas", "别开灯")],
)
@pytest.mark.parametrize("facts", [FACTS, LONGEST], ids=["usual", "longest"])
def test_the_goers_own_safety_is_never_left_out(facts: Facts, kind: str, warning: str) -> None:
    """In writing and by voice: nobody goes in."""
    assert warning in render(order(Template.ALARM, kind, slot=5), facts)
    assert warning in render(order(Template.ALARM, kind, medium=Medium.VOICE), facts)


def test_no_emoji_and_nothing_a_phone_cannot_show() -> None:
    """Letters, digits and punctuation of the basic plane only."""
    odd = {
        sign
        for medium in Medium
        for _, text in every_text(LONGEST, medium)
        for sign in text
        if ord(sign) > 0xFFFF or unicodedata.category(sign)[0] in "CSM"
    }
    assert set() == odd


@pytest.mark.parametrize("word", ["病", "药", "血压", "血氧", "心率", "体温", "残", "岁"])
def test_no_health_data(word: str) -> None:
    """A text on a neighbour's phone says nothing of anybody's health."""
    assert [] == [
        text for medium in Medium for _, text in every_text(FACTS, medium) if word in text
    ]


@pytest.mark.parametrize("medium", list(Medium))
def test_a_drill_says_so(medium: Medium) -> None:
    """In every text and call of it, and in no other."""
    wrong = [
        (submit.template, text)
        for submit, text in every_text(LONGEST, medium)
        if ("演练" in text) != submit.is_drill and submit.template is not Template.DRILL
    ]
    assert [] == wrong


def test_no_drill_sends_anybody_out() -> None:
    """Not even by voice."""
    texts = [render(order(Template.DRILL, medium=m, is_drill=True), FACTS) for m in Medium]
    texts.append(render(order(Template.GOING, is_drill=True), FACTS))
    assert all("不用出门" in text for text in texts)


def test_which_one_names_as_many_as_fit() -> None:
    """Two alarms fit whole; of nine the first are named, and how many there are."""
    two = FACTS._replace(mates=((31, "3栋2单元502"), (51, "5栋1单元301")))
    text = "【昭觉社区】您有2处报警：去3栋2单元502的回31，去5栋1单元301的回51"
    assert text == render(order(Template.WHICH_ONE), two)
    many = render(order(Template.WHICH_ONE), LONGEST)
    assert "您有9处报警：去12栋3单元1802的回11，" in many


def test_answers_that_hold_nothing_ask_for_the_right_digits() -> None:
    """With a slot the text asks for two digits everywhere."""
    for template in (Template.NOT_HELD, Template.SAY_ONE):
        text = render(order(template, slot=5), FACTS)
        assert text.count("51") == 2
        assert "回1" not in text


def test_a_call_greets_whom_it_rings() -> None:
    """The resident by name; the daughter is not called by her mother's."""
    check = render(order(Template.RESIDENT_CHECK, "no_motion", medium=Medium.VOICE), FACTS)
    assert check.startswith("张桂芳您好，这里是昭觉社区值班室。")
    assert "没事按1，要人来按9" in check
    family = render(order(Template.FAMILY_START, medium=Medium.VOICE), FACTS)
    assert family.startswith("您好，这里是昭觉社区值班室。")


def test_a_call_says_the_keys() -> None:
    """Whoever picks up knows what to press."""
    assert "能去请按1，不能去请按2" in render(order(Template.ALARM, medium=Medium.VOICE), FACTS)


def test_the_console_line_has_no_signature() -> None:
    """The desk knows who it is."""
    line = render(order(Template.ALARM, medium=Medium.CONSOLE), FACTS)
    assert "19:40 3栋2单元502 张桂芳 烟雾报警" == line


@pytest.mark.parametrize(
    "facts", [FACTS._replace(resident="", actor=""), Facts("", "", "", "", "")]
)
def test_what_is_not_registered_is_not_said(facts: Facts) -> None:
    """Missing facts leave gaps, not the word for nothing."""
    texts = [text for medium in Medium for _, text in every_text(facts, medium)]
    assert [] == [text for text in texts if "None" in text]


def test_keys_are_said_back() -> None:
    """Each key that means something is confirmed, and no other."""
    meant = {"1": Answer.GOING, "2": Answer.CANNOT, "3": Answer.ARRIVED, "4": Answer.SAFE}
    assert all(confirm(answer, FACTS, is_drill=False, is_over=False) for answer in meant.values())
    assert "" == confirm(Answer.UNCLEAR, FACTS, is_drill=False, is_over=False)
    assert confirm_resident(Answer.GOING, is_cancelled=True)
    assert confirm_resident(Answer.AMBULANCE, is_cancelled=False)
    assert "" == confirm_resident(Answer.CANNOT, is_cancelled=False)
    assert "84310000" in landline(FACTS)


def test_a_key_is_said_back_with_the_digits_its_texts_want() -> None:
    """With the slot before each where somebody was asked about two."""
    for slot, arrived, safe in (
        (None, "回3。", "没事回4，要救护车回9，没人应回8"),
        (2, "回23。", "没事回24，要救护车回29，没人应回28"),
    ):
        going = confirm(Answer.GOING, FACTS, is_drill=False, is_over=False, slot=slot)
        there = confirm(Answer.ARRIVED, FACTS, is_drill=False, is_over=False, slot=slot)
        assert (arrived in going, safe in there) == (True, True)


@pytest.mark.parametrize("template", [Template.RESIDENT_HEARD, Template.RESIDENT_COMING])
def test_the_resident_leaves_a_fire_and_waits_on_the_floor(template: Template) -> None:
    """Nobody is told to take their time while it burns, nor to run after a fall."""
    fire = render(order(template, "smoke", medium=Medium.VOICE), FACTS)
    floor = render(order(template, "help_call", medium=Medium.VOICE), FACTS)
    assert ("出门" in fire, "别急着起身" in fire) == (True, False)
    assert ("出门" in floor, "别急着起身" in floor) == (False, True)


def test_a_key_sends_nobody_out_for_nothing() -> None:
    """In a drill, and when it is over, nobody hears that they should go."""
    drill = confirm(Answer.GOING, FACTS, is_drill=True, is_over=False)
    over = confirm(Answer.GOING, FACTS, is_drill=False, is_over=True)
    assert "不用出门" in drill
    assert "不用去了" in over


def test_the_script_is_in_the_dispatchers_order() -> None:
    """Place, way in, floor, a number, what happened; what nobody has seen is said to be open."""
    place = Place("昭觉县", "城北镇", "幸福小区", "3栋", "2单元", "502", "东门", "5楼", "")
    lines = script(place, FACTS, "smoke", "昭觉社区值班室")
    heads = ["地址", "从哪个门进", "楼层", "联系电话", "情况", "神志", "门能否打开", "谁接车"]
    assert heads == [line.split("：")[0] for line in lines]
    assert "地址：昭觉县城北镇幸福小区3栋2单元502" == lines[0]
    assert "电梯：未登记" in lines[2]
    assert "未确认" in lines[5]


@pytest.mark.parametrize(("kind", "word"), [("heart_rate", "心率"), ("spo2", "血氧")])
def test_the_dispatcher_hears_what_a_neighbour_must_not(kind: str, word: str) -> None:
    """120 is told what the band measured; no text is."""
    place = Place("昭觉县", "城北镇", "幸福小区", "3栋", "2单元", "502", "东门", "5楼", "")
    assert word in "".join(script(place, FACTS, kind, "昭觉社区值班室"))
    assert word not in render(order(Template.ALARM, kind), FACTS)


def test_every_rule_has_its_words() -> None:
    """A kind nobody has named is still an alarm."""
    assert "报警" in render(order(Template.ALARM, "something_new"), FACTS)
