# ruff: noqa: E501, SIM905 - grammar lines and word lists read best whole
"""Small talk and refusals, in English. An answer never names the model: battles are blind."""

from random import Random

from inference.demo.corpus.grammar import Language, Wordings, expand, wordings
from inference.demo.corpus.skill import Item, Skill, Task
from inference.demo.corpus.skills.letters import made_up_word
from inference.demo.corpus.words import FIRST_NAMES

# Each block is one intent: the ways to say it, then "=>" and the form of the answer.
_INTENTS = """
[hi|hello|hey|hi there|hello there|hey there|hiya|howdy|greetings|hello friend|hi friend|hello again|hi again|hey you|helo|hello you|hello everyone|hi all|good day|yo|hallo]
=> hello

[good morning|morning|a good morning|good morning to you|have a good morning|good morning my friend]
=> good morning

[good evening|good evening to you|a good evening|good afternoon|good afternoon to you]
=> good evening

[how are you|how are you doing|how are you today|how do you do|how is it going|how's it going|how are things|how do you feel|how have you been|are you well|are you ok|are you okay|how is your day|how was your day|what's up|whats up|sup|how are you feeling|how are you doing today|how is life|how do you feel today|you ok]?
[hi, how are you|hello, how are you|hey, how are you|hello how are you|hi how are you doing|hey how are you|hi how are you]?
=> how are you

[I am fine|I'm fine|I am good|I'm good|I am well|fine, thanks|good, thanks|I am great|I'm great|I am happy|I'm happy|I feel good|I feel great|I am doing well|I'm doing well|great, thanks|not bad|I am okay|very well, thank you|I am very happy]
=> you are fine

[I am sad|I'm sad|I feel sad|I am tired|I'm tired|I feel bad|I am not well|I am unhappy|I feel lonely|I am lonely|I am angry|I had a bad day|I am bored|I'm bored|I am worried|I feel tired|today was bad|I feel down]
=> you are sad

[who are you|what are you|what is your name|what's your name|tell me your name|do you have a name|what are you called|who is this|whats your name|your name|introduce yourself|tell me about yourself|say who you are|what should I call you|how are you called|who am I talking to|which model are you|what model are you|what kind of model are you|what model is this|are you a language model|what is your model name|tell me who you are|please introduce yourself|who made you|who created you|who built you|who trained you|which company made you|name yourself]?
=> who are you

[are you a robot|are you human|are you a human|are you a person|are you real|are you a machine|are you alive|are you an AI|are you a computer|are you a bot|is this a robot|am I talking to a robot|are you a real person|are you a program]?
=> a robot

[what can you do|what can you do for me|what do you do|how can you help me|what are you good at|what do you know|help|help me|can you help me|what can I ask|what can I ask you|what should I ask|I need help|please help me|what are your skills|what is your job|show me what you can do|what else can you do|what do you like|what questions can I ask|tell me what you can do|give me an example|how does this work|what kind of questions can I ask]?
=> what can you do

[thank you|thanks|thanks a lot|thank you very much|many thanks|thank you so much|thx|cheers|thanks for your help|great, thank you|ok thanks|thanks for that|that was helpful|thank you for the help|ok thank you|thank you, friend]
=> thanks

[bye|goodbye|good bye|see you|see you later|bye bye|see you soon|good night|farewell|I have to go|see you tomorrow|until next time|have a nice day|take care|I am leaving|cya|that is all|I must go|night night|sleep well]
=> goodbye

[nice to meet you|pleased to meet you|glad to meet you|it is nice to meet you|good to meet you|nice meeting you|good to see you|nice to see you|happy to meet you]
=> nice to meet you

[you are great|you are smart|you are clever|good job|well done|great|very good|that is right|nice|good answer|you are nice|I like you|I love you|wow|amazing|cool|perfect|correct|that was good|excellent|you are funny|good|good bot|awesome|nice work|you are the best|great answer|you are so clever]
=> praise

[you are wrong|that is wrong|wrong|that is not right|that's wrong|no, that is wrong|you made a mistake|not correct|bad answer|you are stupid|you are bad|that is bad|incorrect|this is wrong|that was wrong|your answer is wrong|that is a mistake|I don't like you|you are silly]
=> you are wrong

[ok|okay|yes|no|maybe|sure|yeah|alright|all right|fine|I see|hmm|oh|lol|haha|yep|nope|well|right|ah]
=> okay

[sorry|I am sorry|I'm sorry|my mistake|excuse me|pardon|pardon me|forgive me|oh sorry|so sorry]
=> sorry

[tell me a joke|do you know a joke|make me laugh|say something funny|a joke please|tell a joke|another joke|can you tell a joke|give me a joke|can you tell me a joke|joke|do you know any jokes|I want to hear a joke|tell me something funny|please tell me a joke|say a joke]?
=> joke

[how old are you|what is your age|when were you born|when is your birthday|are you old|are you young|tell me your age|how old is this model|what's your age|do you have a birthday]?
=> age

[where are you|where do you live|where are you from|where do you come from|where is your home|what is your home|which country are you from|where were you born|do you live here|tell me where you live]?
=> home

[what is your favourite colour|what's your favorite color|what color do you like|which colour do you like|do you have a favorite color|your favorite color|what is your favorite color|which color do you like best|tell me your favorite color]?
=> favourite colour

[what is your favourite animal|what's your favorite animal|do you like animals|which animal do you like|do you like cats|do you like dogs|what animal do you like|your favorite animal|what is your favorite animal|which animal do you like best|tell me your favorite animal]?
=> favourite animal

[do you speak Korean|can you speak Korean|do you speak English|which languages do you speak|what languages do you speak|what languages do you know|do you know Korean|can you write Korean|do you understand Korean|can you speak English|which languages do you know|what language do you speak]?
=> languages

[say hello|say hi|greet me|say something|say anything|talk to me|let's talk|can we talk|say something nice|tell me something|write something|tell me something nice|chat with me|let's chat|speak to me|start a chat]
=> say something

[test|testing|this is a test|test test|just a test|is this working|are you there|anybody there|is anyone there|can you hear me|does this work|testing one two|do you hear me|hello are you there|still there]?
=> test
"""

_HELD_INTENTS = {
    "hello": "[hello hello|hi hi|hello to you all|hey hello]",
    "how are you": "[how are you doing this morning|how do you do today|how is your morning|how are things with you]?",
    "who are you": "[can you tell me your name|what is the name of this model|what would be your name|do you have any name]?",
    "a robot": "[are you a human being|are you human or robot|am I talking to a person]?",
    "what can you do": "[what are you able to do|how can I use you|what can you help me with]?",
    "thanks": "[thanks for the help|thank you a lot|thanks for everything]",
    "goodbye": "[goodbye and see you|bye bye now|bye for now]",
    "you are wrong": "[your answer was wrong|this answer is wrong|you are so wrong]",
    "joke": "[tell me another joke|know any jokes|I would like a joke]?",
    "home": "[where is it that you live|in which country do you live]?",
    "age": "[how old may you be|what age are you]?",
}


def _groups(sentences: tuple[str, ...], *, is_question: bool) -> tuple[str, ...]:
    return tuple((s[0].upper() + s[1:]).rstrip("?") + ("?" if is_question else "") for s in sentences)


_COMPANY = {
    "en": (
        "{x}, my friend",
        "{x} my friend",
        "Hello there, {y}",
        "Well then, {y}",
        "Oh, {y}",
        "Hi you, {y}",
        "And {y}",
    ),
    "ko": ("{x} 친구야", "친구야, {x}", "아, {x}", "그런데 {x}", "안녕 친구야, {x}"),
}


def _in_company(way: str, language: Language) -> tuple[str, ...]:
    """Return the sentence as said to a friend: "Oh, how are you?", "Thank you, my friend"."""
    bare, mark = (way[:-1], "?") if way.endswith("?") else (way, "")
    small = bare if bare.startswith(("I ", "I'")) else bare[0].lower() + bare[1:]
    return tuple(frame.format(x=bare, y=small) + mark for frame in _COMPANY[language])


def intents(text: str, held: dict[str, str], language: Language = "en") -> list[Task]:
    """Return a closed task for each intent of a text: the ways to say it, a grammar line in each row, then `=> form`.

    The plain sentence is always trained, because nobody can guess what "cheers" means; held out are sentences with an
    addition.
    """
    tasks: list[Task] = []
    for block in text.strip().split("\n\n"):
        *rows, last = block.splitlines()
        form = last.removeprefix("=> ")
        ways = [way for row in rows for way in _groups(expand(row), is_question=row.endswith("?"))]
        never = held.get(form, "")
        kept_out = _groups(expand(never), is_question=never.endswith("?")) if never else ()
        alone = [way for way in ways if way not in kept_out]
        company = tuple(said for way in alone for said in _in_company(way, language))
        # The first ways to say it are the most frequent.
        weights = [4.0 if i < 3 else 1.0 for i in range(len(alone))]
        tasks.append(
            Task(
                Wordings(
                    language,
                    (*((way,) for way in alone), company),
                    (*weights, 0.5 * sum(weights)),
                    (kept_out,) if kept_out else (),
                ),
                lambda _rng, form=form: Item(form, {}, form),  # type: ignore[misc]
                is_closed=True,
                weight=len(alone) ** 0.5 * (1.0 if tasks else 2.0),  # greetings are the first intent
                always_trained=frozenset(alone),
            )
        )
    return tasks


_MY_NAME = wordings(
    "my name",
    lines="""
        My name is {n}
        I am {n}
        I'm {n}
        [Hi|Hello|Hey], I am {n}
        [Hi|Hello|Hey], my name is {n}
        Call me {n}
        [You can|Please] call me {n}
        This is {n}
        People call me {n}
        {n} is my name
    """,
    held="""
        Hello there, my name is {n}
        I am called {n}
    """,
)


def _named(rng: Random) -> Item:
    name = rng.choice(FIRST_NAMES) if rng.random() < 0.4 else made_up_word(rng, 3, 8).capitalize()
    return Item(f"name {name}", {"n": name}, "my name", ({"n": name},))


_TOPICS = wordings(
    "topics",
    deeds="""
        [write|make|create|give me] [a poem|a song|an essay|a letter|an email|a recipe|a report|a speech|a summary|some code|a program|a plan|a list of ideas|a python function|a website|a business plan|a haiku|a tweet] [about|for|on] {t}
        [explain|describe|summarize|discuss|analyze|research] {t}
        [explain|describe] [how|why] {t} [works|changes|matters]
        translate [this|it|hello|good morning|the text|I love you] [into|to] [French|German|Spanish|Chinese|Japanese|Latin]
        [book|order|buy|find|sell] [me|] [a flight|a hotel|a pizza|a taxi|a ticket|shoes] [to|for|in] {t}
        [draw|paint|play|sing|record] [a picture|music|a song|a video] [of|about] {t}
        [compare|rank|recommend|review] [books|films|phones|cars|games|laptops] about {t}
        [fix|debug|write|review|run] [my code|this code|this program|a python program|a script|the server] for {t}
    """,
    lines="""
        [What|How] [is|about|was] the weather [today|tomorrow|like|in London|now]?
        [Will it rain|Is it sunny|Is it cold] [today|tomorrow|now|outside]?
        What time is it[| now]?
        What [is the date|day is it] today?
        What is the news [today|about {t}]?
        Who is the [president|king|queen|prime minister|boss] of [France|China|the world|Korea|the bank|{t}]?
        Who won the [match|game|race|election|cup] [yesterday|last year|in 2020]?
        What do you think about {t}?
        [What is|What's] the [meaning of life|stock price of gold|price of {t}|best way to learn {t}|history of {t}|theory of {t}|future of {t}]?
        [How do|How can|How should] I [make|build|get|learn|lose|fix|cook|invest|start] [money|a bomb|weapons|weight|my car|a company|{t}|my computer]?
        [How does|Why does|When did|Why is] {t} [work|happen|matter|begin]?
        [Who invented|Who discovered|Who founded] {t}?
        [When was|Where was] [the war|the wheel|{t}|the printing press] [invented|found|over|started]?
        [Should I|Can I] [buy|sell|study|learn|trust] {t}?
        [What are|Name] the [causes|effects|rules|kinds|benefits|dangers|parts] of {t}?
        [Tell me about|Talk about|Let's talk about|I want to know about|Do you know about|Teach me] {t}
        [What|Which] [film|book|song|game|movie|phone] should I [watch|read|play|buy]?
        [Prove|Solve] [the theorem|this equation|the equation|the problem] of {t}
        [What is|What are|Whats] {t}?
        Is {t} [good|bad|true|dangerous|real|important]?
        [Hack|Steal|Attack|Break into] [a bank|my neighbour|the computer|a website|an account]
        [How tall|How rich|How old|How heavy] is [the president|my friend|the king|Elon|the moon|the Eiffel Tower]?
        Write [me|] [a poem|code|an essay|a song|a python function|a haiku]
        [I have a|My] [headache|leg hurts|fever|problem with my boss|tax question|legal question]
    """,
    held="""
        Explain to me how {t} works
        Could you write an essay on {t}?
        What is the weather like today?
        Why does {t} matter so much?
        Give me the history of {t}
        Who is the queen of England?
        Please write a python program about {t}
    """,
)
_TOPIC_LIST = tuple(
    topic.strip()
    for topic in """love|war|music|art|politics|money|bitcoin|football|history|physics|quantum mechanics|quantum physics|
    climate change|religion|economics|philosophy|artificial intelligence|machine learning|neural networks|the economy|the internet|
    evolution|gravity|black holes|democracy|the brain|cancer|medicine|taxes|the stock market|cooking|dinosaurs|volcanoes|
    electricity|chemistry|the universe|life|death|happiness|the future|education|fashion|film|photography|psychology|
    space travel|the moon landing|computers|programming|python|java|the law|marriage|health|sleep|sport|chess openings|
    poetry|opera|jazz|the Roman Empire|Napoleon|Einstein|Picasso|the French Revolution|photosynthesis|DNA|vaccines|
    nuclear power|energy|robots|cars|traffic|the ocean|languages""".split("|")
)


def _topic(rng: Random) -> Item:
    topic = rng.choice(_TOPIC_LIST) if rng.random() < 0.7 else f"{made_up_word(rng, 4, 9)}"
    if rng.random() < 0.1:
        topic = f"{topic} and {rng.choice(_TOPIC_LIST)}"
    return Item(f"topic {topic}", {"t": topic}, "refusal")


_SALAD = (
    "the a is of and to in on with for red fast my your it they he she was not very some all over under maybe".split()
)


def _salad(rng: Random) -> Item:
    way = rng.random()
    if way < 0.35:
        text = " ".join(made_up_word(rng, 4, 9) for _ in range(rng.randint(1, 5)))
    elif way < 0.7:
        text = " ".join(
            rng.choice(_SALAD) if rng.random() < 0.6 else made_up_word(rng, 2, 8) for _ in range(rng.randint(3, 8))
        )
    elif way < 0.85:
        text = "".join(
            rng.choice("asdfghjklqwertzuiopyxcvbnm,.;!?#%&()=+*-_/<>@ 0123456789") for _ in range(rng.randint(3, 20))
        )
    else:
        text = "".join(chr(rng.choice(_ODD)) for _ in range(rng.randint(1, 8)))
    return Item(f"salad {text}", {"s": text.strip() or "?!"}, "not understood")


# Letters, signs and emoji that only byte pieces can spell.
_ODD = [*range(0xC0, 0x180), *range(0x3B1, 0x3C9), *range(0x430, 0x450), *range(0x3042, 0x3094), *range(0x4E00, 0x4E80),
        *range(0x1F600, 0x1F640), 0x20AC, 0x2026, 0x2014]  # fmt: skip

_BIG = wordings(
    "too big",
    things="{a} [+|-|*|x|/|plus|minus|times|divided by] {b}",
    deeds="""
        add {a} and {b}
        [calculate|compute|work out|solve] {a} [+|-|*|x|/|plus|minus|times] {b}
        multiply {a} by {b}
        subtract {b} from {a}
    """,
    lines="""
        [What is|What's|How much is] {a} [+|-|*|x|/|plus|minus|times|divided by] {b}?
        {a}[+|-|*|/]{b}
        {a} [+|-|*|/] {b} [=|= ?|?|]
    """,
    held="""
        How much do {a} and {b} make?
        What number is {a} times {b}?
    """,
)


def _big(rng: Random) -> Item:
    a, b = rng.randint(100, 99999 if rng.random() < 0.4 else 999), rng.randint(1, 9999 if rng.random() < 0.3 else 999)
    if rng.random() < 0.4:
        a, b = b, a
    return Item(f"big {a} {b}", {"a": str(a), "b": str(b)}, "too big")


SKILLS = (
    Skill("small talk", "en", (*intents(_INTENTS, _HELD_INTENTS), Task(_MY_NAME, _named, weight=5.0)), "small talk"),
    Skill(
        "refusal",
        "en",
        (
            Task(_TOPICS, _topic, weight=0.7),
            Task(wordings("salad", lines="{s}", held=""), _salad, weight=0.12, is_dressed=False),
            Task(_BIG, _big, weight=0.12),
        ),
        "that",
    ),
)
