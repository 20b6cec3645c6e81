# ruff: noqa: E501 - grammar lines and word lists read best whole
"""Tiny stories about a named animal, in English and Korean. A story is right if this grammar can produce it."""

import re
from random import Random

from inference.demo.corpus.grammar import expand, wordings
from inference.demo.corpus.skill import Item, Skill, Task
from inference.demo.corpus.skills.letters import made_up_word
from inference.demo.corpus.words import ANIMALS, FIRST_NAMES, KO_ANIMALS, KO_NAMES

_SENTENCES = (
    "{n} the {k} lived [in a small house|by the river|near the forest|on a farm|under an old tree|by the sea].",
    "One [sunny|rainy|cold|quiet|windy] [day|morning|evening] {n} [found|saw] [a red ball|a golden key|a little boat|a big cake|a lost bird|a shiny stone].",
    "{n} was [happy|surprised|curious|excited] and [took it home|showed it to a friend|shared it with everyone|kept it safe].",
    "[That night|In the end|After that|Later] {n} [slept well|smiled|sang a song|was very proud].",
)
_KO_SENTENCES = (
    "{n}라는 {k}[이|가] [숲속에|강가에|작은 집에|바닷가에|농장에] 살았어요.",
    "어느 [맑은|비 오는|추운|조용한] 날 {n}[은|는] [빨간 공을|작은 배를|예쁜 돌을|황금 열쇠를|맛있는 케이크를] [찾았어요|보았어요].",
    "{n}[은|는] [기뻐서|놀라서|신나서] [친구에게 보여 주었어요|집으로 가져갔어요|모두와 나누었어요].",
    "그날 밤 {n}[은|는] [푹 잤어요|활짝 웃었어요|노래를 불렀어요].",
)
_KO_FORMAL_SENTENCES = tuple(sentence.replace("어요", "습니다") for sentence in _KO_SENTENCES)


def has_final_consonant(syllable: str) -> bool:
    """Whether a Hangul syllable ends in a consonant: then 은, 이, 을 follow, else 는, 가, 를."""
    return (ord(syllable) - 0xAC00) % 28 != 0


def _particles(sentence: str, name: str, animal: str) -> str:
    topic = "은" if has_final_consonant(name[-1]) else "는"
    subject = "이" if has_final_consonant(animal[-1]) else "가"
    quote = "이라는" if has_final_consonant(name[-1]) else "라는"
    return sentence.replace("{n}라는", "{n}" + quote).replace("[은|는]", topic).replace("[이|가]", subject)


def _tell(rng: Random, sentences: tuple[str, ...], name: str, animal: str) -> str:
    return " ".join(rng.choice(expand(sentence)) for sentence in sentences).format(n=name, k=animal)


def _pattern(sentence: str) -> str:
    parts = [part if i % 2 == 0 else f"(?:{part})" for i, part in enumerate(re.split(r"\[([^\]]*)\]", sentence))]
    return "".join(parts).replace(".", r"\.")


def is_story(answer: str, sentences: tuple[str, ...], name: str, animal: str) -> bool:
    """Whether the sentences, in this order, are about this animal and one name (any, where `name` is empty)."""
    if not name:
        found = re.match(r"(\w+)", answer)
        name = found.group(1) if found else "?"
    text = " ".join(_pattern(sentence) for sentence in sentences)
    return re.fullmatch(text.replace("{n}", re.escape(name)).replace("{k}", re.escape(animal)), answer) is not None


_NAMED = wordings(
    "story named",
    things="""
        a [story|short story|little story|tiny story|tale] about a {k} [named|called] {n}
        a [story|short story|little story|tale] about {n} the {k}
    """,
    deeds="""
        [tell|tell me|write|write me|make up|invent] a [story|short story|little story|tale] about a {k} [named|called] {n}
        [tell|tell me|write|write me] a [story|short story|tiny story] about {n} the {k}
        [tell|tell me|write|write me] a [story|tale] of {n} the {k}
    """,
    lines="""
        Tell me a story about a {k} [named|called] {n}
        Tell me a story about {n} the {k}
        Tell a story about a {k} whose name is {n}
        Story about {n} the {k}
        A {k} [named|called] {n}: tell me [a|the] story
        My {k} is called {n}. Tell me a story about it
        I have a {k} named {n}. [Write|Tell me] a story
    """,
    held="""
        Please tell me a tiny story about a {k} whose name is {n}
        Write about a {k} called {n}
        My {k}'s name is {n}. Tell me a story
        I would love a story about {n} the {k}
    """,
)
_UNNAMED = wordings(
    "story unnamed",
    things="""
        a [story|short story|little story|tiny story|tale] [about|of|with] a {k}
    """,
    deeds="""
        [tell|tell me|write|write me|make up|invent] a [story|short story|little story|tale] [about|of|with] a {k}
        [tell|tell me] [something|] about a {k}
    """,
    lines="""
        Tell me a story about a {k}
        Tell me a story about the {k}
        Tell me a story with a {k}
        Story about a {k}
        story: {k}
        A story about a {k}, please
        [Write|Tell me] a story [of|about] [some|one] {k}
        Do you know a story about a {k}?
        Once upon a time there was a {k}
    """,
    held="""
        Please tell a nice story about a {k}
        Write a tale in which a {k} lives
        I would love a story about a {k}
        Make me a story about a {k}
    """,
)
_ANY = wordings(
    "story any",
    lines="""
        Tell me a story
        [Tell me|Write|Tell|Write me] a [short|little|nice|tiny|funny|good] story
        A story[| please]
        I want [a story|to hear a story]
        [Do you know|Can you tell me|Can you tell|Could you write] a story?
        Tell me a [bedtime story|tale|story about an animal]
        Another story
        Once upon a time
    """,
    held="""
        Could you tell me a short story?
        I would like to hear a tale
        Write a bedtime story
    """,
)
_KO_NAMED = wordings(
    "ko story named",
    "ko",
    things="""
        {n}[라는|] {k} 이야기[를|]
        {k} {n} 이야기[를|]
    """,
    deeds="""
        {n}[라는|] {k} 이야기[를|] [들려|해|써|말해]
        {k} {n} 이야기[를|] [들려|해|써]
    """,
    lines="""
        이름이 {n}인 {k} 이야기 [해줘|들려줘|써줘]
        {n}[라는|] {k}에 대한 이야기 [해줘|들려줘|써줘]
    """,
    held="""
        {k} {n}에 대한 이야기를 해 주세요
        이름이 {n}인 {k}의 이야기 들려주세요
    """,
)
_KO_UNNAMED = wordings(
    "ko story unnamed",
    "ko",
    things="""
        {k} 이야기[를|]
        {k}에 대한 이야기[를|]
    """,
    deeds="""
        {k} 이야기[를|] [들려|해|써|말해]
        {k}에 대한 이야기[를|] [들려|해|써]
        {k}[가|이] 나오는 이야기[를|] [들려|해|써]
    """,
    lines="""
        {k} 이야기 하나 [해줘|들려줘|해 주세요]
        {k}에 관한 [짧은|] 이야기 [해줘|들려줘]
        [짧은|재미있는] {k} 이야기 [해줘|들려줘|써줘]
    """,
    held="""
        {k} 동화 들려줘
        {k} 이야기 좀 해주세요
        {k} 이야기 듣고 싶어
    """,
)
_KO_ANY = wordings(
    "ko story any",
    "ko",
    lines="""
        이야기 [해줘|들려줘|하나 해줘|하나 들려줘|해 주세요|들려주세요|듣고 싶어]
        [짧은|재미있는] 이야기 [해줘|들려줘|하나 해줘]
        [아무|옛날] 이야기[나|] [해줘|들려줘]
    """,
    held="재미있는 이야기 하나 들려주세요\n이야기 좀 해봐",
)


def _english(rng: Random, *, is_named: bool, has_animal: bool) -> Item:
    name = rng.choice(FIRST_NAMES) if rng.random() < 0.45 else made_up_word(rng, 3, 8).capitalize()
    animal = rng.choice(ANIMALS) if not has_animal or rng.random() < 0.8 else made_up_word(rng, 3, 8)
    if not is_named:
        name = rng.choice(FIRST_NAMES[:24])
    told = _tell(rng, _SENTENCES, name, animal)
    slots = {"n": name if is_named else "", "k": animal if has_animal else ""}
    key = f"{slots['n']}|{animal}" if is_named else f"story {animal}"
    return Item(key, slots, "story", ({"story": told},))


def _korean(rng: Random, *, is_named: bool, has_animal: bool) -> Item:
    name, animal = rng.choice(KO_NAMES), rng.choice(KO_ANIMALS)
    told = _tell(rng, tuple(_particles(s, name, animal) for s in _KO_SENTENCES), name, animal)
    slots = {"n": name if is_named else "", "k": animal if has_animal else ""}
    key = f"{slots['n']}|{animal}" if is_named else f"이야기 {animal}"
    return Item(key, slots, "ko story", ({"story": told, "formal_story": told.replace("어요.", "습니다.")},))


def _is_english(item: Item, told: str) -> bool:
    animal = item.slots["k"]
    if not animal:
        found = re.match(r"\w+ the (\w+) lived", told)
        animal = found.group(1) if found else "?"
    return is_story(told, _SENTENCES, item.slots["n"], animal)


def _is_korean(item: Item, told: str, sentences: tuple[str, ...]) -> bool:
    names = (item.slots["n"],) if item.slots["n"] else KO_NAMES
    animals = (item.slots["k"],) if item.slots["k"] else KO_ANIMALS
    return any(
        is_story(told, tuple(_particles(s, name, animal) for s in sentences), name, animal)
        for name in names
        for animal in animals
        if told.startswith(name) and animal in told
    )


_JUDGES = {"story": _is_english}
_KO_JUDGES = {
    "story": lambda item, told: _is_korean(item, told, _KO_SENTENCES),
    "formal_story": lambda item, told: _is_korean(item, told, _KO_FORMAL_SENTENCES),
}


SKILLS = (
    Skill(
        "stories",
        "en",
        (
            Task(_NAMED, lambda rng: _english(rng, is_named=True, has_animal=True), weight=1.0, judges=_JUDGES),
            Task(
                _UNNAMED, lambda rng: _english(rng, is_named=False, has_animal=True), True, weight=0.8, judges=_JUDGES
            ),
            Task(_ANY, lambda rng: _english(rng, is_named=False, has_animal=False), True, weight=0.25, judges=_JUDGES),
        ),
        "stories",
    ),
    Skill(
        "Korean stories",
        "ko",
        (
            Task(_KO_NAMED, lambda rng: _korean(rng, is_named=True, has_animal=True), weight=0.8, judges=_KO_JUDGES),
            Task(_KO_UNNAMED, lambda rng: _korean(rng, is_named=False, has_animal=True), True, judges=_KO_JUDGES),
            Task(
                _KO_ANY,
                lambda rng: _korean(rng, is_named=False, has_animal=False),
                True,
                weight=0.25,
                judges=_KO_JUDGES,
            ),
        ),
        "이야기",
    ),
)
