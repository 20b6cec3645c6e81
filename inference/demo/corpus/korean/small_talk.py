# ruff: noqa: E501 - grammar lines read best whole
"""Small talk in Korean."""

from random import Random

from inference.demo.corpus.grammar import wordings
from inference.demo.corpus.korean.items import SYLLABLE_POOL
from inference.demo.corpus.skill import Item
from inference.demo.corpus.words import KO_NAMES

INTENTS = """
[안녕|안녕하세요|안녕하십니까|하이|안녕안녕|안녕 친구야|반가워 안녕|안녕하세용|여보세요|헬로]
=> ko hello

[잘 지내|잘 지냈어|어떻게 지내|어떻게 지내세요|잘 지내세요|잘 지내나요|기분이 어때|기분 어때|오늘 어때|요즘 어때|안녕 잘 지내|괜찮아|컨디션 어때|오늘 기분이 어때|오늘 기분 어때요|어떻게 지냈어|잘 있었어]?
=> ko how are you

[고마워|고마워요|고맙습니다|감사합니다|감사해요|정말 고마워|땡큐|도와줘서 고마워|너무 고마워|정말 감사합니다|알려줘서 고마워|대단히 감사합니다]
=> ko thanks

[잘 가|잘가|안녕히 가세요|안녕히 계세요|다음에 봐|또 봐|잘 자|나 갈게|이만 갈게|또 만나|내일 봐|바이|다음에 또 봐요|안녕히 주무세요|나중에 봐]
=> ko goodbye

[너는 누구야|넌 누구야|누구야|누구세요|이름이 뭐야|네 이름은 뭐야|너의 이름은|당신은 누구인가요|자기소개 해줘|이름이 뭐예요|이름 알려줘|당신의 이름은 무엇입니까|넌 뭐야|너는 뭐니|무슨 모델이야|어떤 모델이에요|너는 무슨 모델이야|누가 만들었어|누가 너를 만들었어|소개해줘|네 소개를 해줘]?
=> ko who are you

[로봇이야|너는 로봇이야|사람이야|너는 사람이야|너 사람이야|당신은 사람인가요|넌 인공지능이야|너 기계야|로봇이에요|진짜 사람이야]?
=> ko a robot

[뭐 할 수 있어|무엇을 할 수 있어|뭘 할 수 있어|뭐 할 줄 알아|무엇을 할 수 있나요|뭘 할 수 있나요|뭘 잘해|도와줘|도와주세요|뭘 물어볼 수 있어|너는 뭘 할 수 있어|할 수 있는 게 뭐야|뭘 도와줄 수 있어|무엇을 도와줄 수 있나요]?
=> ko what can you do

[나는 행복해|기분이 좋아|나 좋아|나는 잘 지내|기뻐|오늘 기분이 좋아|나는 기뻐|행복해|나도 잘 지내|신나]
=> ko you are fine

[나는 슬퍼|슬퍼|기분이 나빠|피곤해|힘들어|우울해|외로워|나 슬퍼|심심해|기분이 안 좋아|오늘 힘들었어|나 피곤해]
=> ko you are sad

[잘했어|대단해|똑똑하네|최고야|멋져|훌륭해|정답이야|맞아|좋아|착하다|와|정말 잘했어|너 똑똑하다|사랑해|좋은 대답이야]
=> ko praise

[틀렸어|아니야|그건 틀렸어|잘못했어|바보|멍청해|틀린 답이야|그거 아니야|아닌데|못하네]
=> ko you are wrong

[농담 해줘|웃긴 이야기 해줘|농담 하나 해줘|재미있는 농담 해줘|웃겨줘|농담해 주세요|농담 알아|재밌는 농담 해줘]
=> ko joke

[만나서 반가워|반가워|반가워요|만나서 반갑습니다|반갑습니다|만나서 반가워요]
=> ko nice to meet you

[몇 살이야|나이가 몇이야|몇 살이에요|너 몇 살이야|나이가 어떻게 되세요|생일이 언제야]?
=> ko age

[한국어 할 줄 알아|한국어 할 수 있어|한국말 해|영어 할 줄 알아|한국어 알아|한국어 하세요|어떤 언어를 할 수 있어|한국말 할 줄 알아]?
=> ko languages

[응|네|아니|아니요|그래|알았어|알겠어|좋아요|음|오케이|그렇구나|아하]
=> ko okay
"""
HELD_INTENTS = {
    "ko hello": "[안녕 안녕|안녕하세요 여러분]",
    "ko how are you": "[오늘은 어떻게 지내|요즘 기분이 어때요|잘 지내고 있어]?",
    "ko thanks": "[정말 고마워요|너무 감사합니다]",
    "ko goodbye": "[이제 잘 가|내일 또 봐]",
    "ko who are you": "[당신 이름이 뭐예요|너 누구니|너는 어떤 모델이야]?",
    "ko what can you do": "[너는 뭐 할 수 있어|무엇을 잘해]?",
    "ko you are wrong": "[답이 틀렸어|아니야 틀렸어]",
    "ko joke": "[농담 좀 해줘|재미있는 농담 하나]",
}
MY_NAME = wordings(
    "ko my name",
    "ko",
    lines="""
        내 이름은 {n}[이야|야|입니다|]
        나는 {n}[이야|야]
        저는 {n}[입니다|이에요|예요]
        제 이름은 {n}[입니다|이에요|예요]
        [안녕|안녕하세요], 저는 {n}[입니다|이에요|예요]
    """,
    held="""
        안녕, 내 이름은 {n}[이야|야]
        저를 {n}라고 불러 주세요
    """,
)


def named(rng: Random) -> Item:
    name = (
        rng.choice(KO_NAMES)
        if rng.random() < 0.3
        else "".join(rng.choice(SYLLABLE_POOL) for _ in range(rng.randint(2, 3)))
    )
    return Item(f"ko name {name}", {"n": name}, "ko my name", ({"n": name},))
