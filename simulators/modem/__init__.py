"""A mobile module on a pseudo-terminal, its card, its network and the phones at the other end.

`module` speaks AT as a module of one make does, `texts` encodes and decodes PDUs from 3GPP TS
23.040, `network` carries texts and calls to phones, `line` is the pseudo-terminal that can be
pulled out. Other people's programs (smstools, gammu) drive it, which is what makes it a judge.
"""
