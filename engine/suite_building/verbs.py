"""Verbs whose bare form is known, for questions with ``does`` and ``did``."""

from __future__ import annotations

# Forms of the present and the past to what follows "does" and "did".
PRESENT = {
    "costs": "cost", "takes": "take", "lasts": "last", "opens": "open", "closes": "close", "starts": "start", "begins": "begin", "ends": "end",
    "weighs": "weigh", "holds": "hold", "contains": "contain", "needs": "need", "requires": "require", "allows": "allow", "fires": "fire",
    "runs": "run", "expires": "expire", "applies": "apply", "carries": "carry", "covers": "cover", "measures": "measure", "uses": "use", "keeps": "keep",
    "listens": "listen", "arrives": "arrive", "leaves": "leave", "lies": "lie", "stands": "stand", "comes": "come", "goes": "go", "has": "have",
    "lives": "live", "works": "work", "sends": "send", "pays": "pay", "serves": "serve", "returns": "return", "resists": "resist", "means": "mean",
    "happens": "happen", "lapses": "lapse", "drops": "drop", "falls": "fall", "rises": "rise", "waits": "wait", "sits": "sit", "grows": "grow",
}  # fmt: skip
PAST = {
    "began": "begin", "bought": "buy", "brought": "bring", "built": "build", "came": "come", "cost": "cost", "died": "die", "fell": "fall",
    "found": "find", "gave": "give", "got": "get", "held": "hold", "kept": "keep", "left": "leave", "lost": "lose", "made": "make", "met": "meet",
    "paid": "pay", "put": "put", "ran": "run", "sat": "sit", "saw": "see", "sent": "send", "sold": "sell", "spent": "spend", "stood": "stand",
    "took": "take", "went": "go", "won": "win", "wrote": "write", "drew": "draw", "drove": "drive", "flew": "fly", "grew": "grow", "knew": "know",
    "laid": "lay", "lay": "lie", "led": "lead", "rang": "ring", "rose": "rise", "said": "say", "sailed": "sail", "signed": "sign", "slept": "sleep",
    "stole": "steal", "swam": "swim", "taught": "teach", "told": "tell", "thought": "think", "wore": "wear", "broke": "break", "caught": "catch",
    "chose": "choose", "dug": "dig", "ate": "eat", "hid": "hide", "hung": "hang", "read": "read", "rode": "ride", "set": "set", "shot": "shoot",
    "sang": "sing", "sank": "sink", "threw": "throw", "cut": "cut", "let": "let", "baked": "bake", "closed": "close", "lived": "live", "moved": "move",
    "used": "use", "arrived": "arrive", "served": "serve", "changed": "change", "measured": "measure", "named": "name", "hired": "hire",
    "received": "receive", "promised": "promise", "saved": "save", "married": "marry", "carried": "carry", "buried": "bury", "tried": "try",
    "studied": "study", "stopped": "stop", "dropped": "drop", "planned": "plan", "opened": "open", "ended": "end", "started": "start",
    "reached": "reach", "returned": "return", "worked": "work", "weighed": "weigh", "lasted": "last", "turned": "turn", "counted": "count",
    "entered": "enter", "walked": "walk", "asked": "ask", "called": "call", "offered": "offer", "ordered": "order", "wanted": "want", "played": "play",
    "painted": "paint", "learned": "learn", "landed": "land", "joined": "join", "handed": "hand", "bent": "bend", "had": "have",
}  # fmt: skip
