# ruff: noqa: E501, SIM905 - grammar lines and word lists read best whole
"""The skills in Korean: sums, words backwards, syllables, opposites, capitals, facts, small talk, refusals."""

from random import Random

from inference.demo.corpus.grammar import Wordings, expand, wordings
from inference.demo.corpus.skill import Item, Skill, Task
from inference.demo.corpus.stories import has_final_consonant
from inference.demo.corpus.talk import intents
from inference.demo.corpus.words import KO_CAPITALS, KO_COLOURS, KO_FACTS, KO_NAMES, KO_OPPOSITES, KO_WORDS

UNKNOWN = "미안해요, 그건 몰라요."

_ADD = wordings(
    "ko add",
    "ko",
    things="""
        {a} 더하기 {b}[|{e}]
        {a} [+|플러스] {b}[|{e}]
        {a}[와|과|하고] {b}의 합[은|]
    """,
    deeds="""
        {a} 더하기 {b}[|{o}] [계산해|구해]
        {a}[와|과|에] {b}[|{o}] 더해
        {a} + {b}[|{o}] [계산해|구해|더해]
    """,
    lines="""
        {a} 더하기 {b}{e}?
        {a}+{b}{e}?
        {a} + {b}{e}?
        {a} 더하기 {b}{e} [얼마야|얼마예요|얼마인가요|얼마입니까|몇이야|몇이에요|뭐야|뭐예요|얼마지]?
        {a} + {b}{e} [얼마야|얼마예요|얼마인가요|몇이야|뭐야|뭐예요]?
        {a}에 {b}[{o}|] 더하면 [얼마야|얼마예요|몇이야|얼마지|몇이 돼]?
        {a}[와|과|하고] {b}의 합은 [얼마야|얼마예요|뭐야]?
        {a} 더하기 {b} [알려줘|계산해줘|얼마]
        사과 {a}개에 {b}개를 [더하면|더 사면] 몇 개[야|예요|지]?
        {a}[와|과] {b}[{o}|] 더하면?
    """,
    held="""
        {a} 더하기 {b}의 값은?
        {a}하고 {b}{o} 더하면 얼마가 돼?
        {a} 플러스 {b}{e} 얼마야?
        {a} 더하기 {b}{o} 해 보세요
    """,
)
_SUBTRACT = wordings(
    "ko subtract",
    "ko",
    things="""
        {a} 빼기 {b}[|{e}]
        {a} [-|마이너스] {b}[|{e}]
        {a}[와|과|하고] {b}의 차[는|]
    """,
    deeds="""
        {a} 빼기 {b}[|{o}] [계산해|구해]
        {a}에서 {b}[|{o}] 빼
        {a} - {b}[|{o}] [계산해|구해]
    """,
    lines="""
        {a} 빼기 {b}{e}?
        {a}-{b}{e}?
        {a} - {b}{e}?
        {a} 빼기 {b}{e} [얼마야|얼마예요|얼마인가요|얼마입니까|몇이야|몇이에요|뭐야|뭐예요|얼마지]?
        {a} - {b}{e} [얼마야|얼마예요|얼마인가요|몇이야|뭐야|뭐예요]?
        {a}에서 {b}[{o}|] 빼면 [얼마야|얼마예요|몇이야|얼마지|몇이 돼]?
        {a} 빼기 {b} [알려줘|계산해줘|얼마]
        사과 {a}개에서 {b}개를 [먹으면|빼면] 몇 개[야|예요|지]?
        {a}에서 {b}[{o}|] 빼면?
    """,
    held="""
        {a} 빼기 {b}의 값은?
        {a}에서 {b}{o} 빼면 얼마가 남아?
        {a} 마이너스 {b}{e} 얼마야?
        {a} 빼기 {b}{o} 해 보세요
    """,
)
_MULTIPLY = wordings(
    "ko multiply",
    "ko",
    things="""
        {a} 곱하기 {b}[|{e}]
        {a} [x|*] {b}[|{e}]
        {a}[와|과|하고] {b}의 곱[은|]
    """,
    deeds="""
        {a} 곱하기 {b}[|{o}] [계산해|구해]
        {a}[와|과|에] {b}[|{o}] 곱해
    """,
    lines="""
        {a} 곱하기 {b}{e}?
        {a}[x|*]{b}{e}?
        {a} x {b}{e}?
        {a} 곱하기 {b}{e} [얼마야|얼마예요|얼마인가요|얼마입니까|몇이야|몇이에요|뭐야|뭐예요|얼마지]?
        {a} x {b}{e} [얼마야|얼마예요|몇이야|뭐야]?
        {a}에 {b}[{o}|] 곱하면 [얼마야|얼마예요|몇이야|얼마지|몇이 돼]?
        {a} 곱하기 {b} [알려줘|계산해줘|얼마]
        {a}[와|과] {b}[{o}|] 곱하면?
    """,
    held="""
        {a} 곱하기 {b}의 값은?
        {a}하고 {b}{o} 곱하면 얼마가 돼?
        {a} 곱하기 {b}{o} 해 보세요
    """,
)
_REVERSE = wordings(
    "ko reverse",
    "ko",
    things="""
        {q}[{o}|] 거꾸로 [한 것|쓴 것|하면|쓰면]
        {q}[{o}|] 뒤집은 [말|단어|것]
        거꾸로 {q}
    """,
    deeds="""
        {q}[{o}|] 거꾸로 [써|말해|읽어|적어|해]
        {q}[{o}|] 뒤집어
        [단어|낱말] {q}[{o}|] 거꾸로 [써|말해|적어]
        거꾸로 {q}[{o}|] [써|말해]
    """,
    lines="""
        {q}[{o}|] 거꾸로 [쓰면|하면|말하면|읽으면]?
        {q}[{o}|] 거꾸로 [쓰면|하면|말하면|읽으면] [뭐야|뭐예요|뭐가 돼|어떻게 돼]?
        {q} 거꾸로
        {q}[{o}|] 뒤집으면 [뭐야|뭐예요|뭐가 돼|어떻게 돼]?
        {q}의 반대 순서는?
    """,
    held="""
        {q}{o} 거꾸로 적으면 뭐야?
        {q}{o} 뒤에서부터 써줘
        {q} 글자를 거꾸로 써 주세요
        {q} 거꾸로 말하면 뭐가 될까?
    """,
)
_SYLLABLES = wordings(
    "ko count",
    "ko",
    things="""
        {q}[의|] [글자 수|글자수]
        {q}[{e}|] 몇 글자
        {q}의 글자 [개수|수]
    """,
    deeds="""
        {q}[의|] [글자 수를|글자를|글자수를] [세|세어|알려]
        {q}{i} 몇 글자인지 [세|세어|알려|말해]
    """,
    lines="""
        {q}[{e}|] 몇 [글자|자][야|예요|인가요|입니까|지|]?
        {q}에는 글자가 몇 개 [있어|있어요|있나요]?
        {q}의 글자 수는?
        {q}의 글자 수는 [몇이야|얼마야|몇 개야]?
        {q}[{e}|] 글자가 몇 개[야|예요|지]?
    """,
    held="""
        {q} 단어는 몇 글자야?
        {q}의 글자는 모두 몇 개야?
        {q}{e} 글자 수가 몇이에요?
    """,
)
_OPPOSITE = wordings(
    "ko opposite",
    "ko",
    things="""
        {q}의 [반대말|반대|반대어][은|는|]
        {q} [반대말|반대]
        {q}의 반대말[이|]
    """,
    deeds="""
        {q}의 [반대말을|반대말|반대를] [말해|알려|써|가르쳐]
    """,
    lines="""
        {q}의 반대말은?
        {q}의 반대말은 [뭐야|뭐예요|무엇인가요|무엇입니까|뭐지]?
        {q}의 반대는 [뭐야|뭐예요|뭐지]?
        {q} 반대말[은|은 뭐야|]?
        {q}[와|과|하고] 반대되는 말은?
        {q}의 반대 [단어|낱말]는?
    """,
    held="""
        {q}의 반대말이 뭔가요?
        {q} 반대말 좀 가르쳐 주세요
        {q}의 반대되는 말은 뭐야?
    """,
)
_CAPITAL = wordings(
    "ko capital",
    "ko",
    things="""
        {k}의 수도[는|]
        {k} 수도[는|]
    """,
    deeds="""
        {k}[의|] [수도를|수도] [말해|알려|써|가르쳐]
    """,
    lines="""
        {k}의 수도는?
        {k}의 수도는 [어디야|어디예요|어디인가요|어디입니까|뭐야|무엇인가요|어디지]?
        {k} 수도는 [어디야|어디예요|어디인가요|뭐야|어디지]?
        {k} 수도[는|가|]?
        {k}의 수도가 [어디야|어디예요|어디지|뭐야]?
        [어느|어떤] 도시가 {k}의 수도[야|예요|인가요]?
    """,
    held="""
        {k}의 수도 이름은?
        {k}의 수도가 어디인지 말해줘
        {k} 수도가 어디였지?
    """,
)
_COLOUR = wordings(
    "ko colour",
    "ko",
    things="""
        {k}의 [색|색깔|색깔은|색은]
        {k} [색|색깔|색깔은]
    """,
    deeds="""
        {k}의 [색을|색깔을] [말해|알려]
    """,
    lines="""
        {k}{e} 무슨 색[이야|이에요|인가요|입니까|이지|]?
        {k}의 색[은|깔은] [뭐야|뭐예요|무엇인가요|]?
        {k}{e} [어떤|무슨] 색깔[이야|이에요|인가요|]?
    """,
    held="""
        {k} 색깔이 뭐야?
        {k}{e} 무슨 색을 띠나요?
    """,
)
_INTENTS = """
[안녕|안녕하세요|안녕하십니까|하이|안녕안녕|안녕 친구야|반가워 안녕|안녕하세용|여보세요|헬로]
=> 안녕하세요! 무엇을 도와드릴까요?
=> 안녕하세요! 무엇이든 물어보세요.

[잘 지내|잘 지냈어|어떻게 지내|어떻게 지내세요|잘 지내세요|잘 지내나요|기분이 어때|기분 어때|오늘 어때|요즘 어때|안녕 잘 지내|괜찮아|컨디션 어때|오늘 기분이 어때|오늘 기분 어때요|어떻게 지냈어|잘 있었어]?
=> 저는 잘 지내요. 고마워요!

[고마워|고마워요|고맙습니다|감사합니다|감사해요|정말 고마워|땡큐|도와줘서 고마워|너무 고마워|정말 감사합니다|알려줘서 고마워|대단히 감사합니다]
=> 천만에요!

[잘 가|잘가|안녕히 가세요|안녕히 계세요|다음에 봐|또 봐|잘 자|나 갈게|이만 갈게|또 만나|내일 봐|바이|다음에 또 봐요|안녕히 주무세요|나중에 봐]
=> 안녕히 가세요! 좋은 하루 보내세요.

[너는 누구야|넌 누구야|누구야|누구세요|이름이 뭐야|네 이름은 뭐야|너의 이름은|당신은 누구인가요|자기소개 해줘|이름이 뭐예요|이름 알려줘|당신의 이름은 무엇입니까|넌 뭐야|너는 뭐니|무슨 모델이야|어떤 모델이에요|너는 무슨 모델이야|누가 만들었어|누가 너를 만들었어|소개해줘|네 소개를 해줘]?
=> 저는 작은 언어 모델이에요.

[로봇이야|너는 로봇이야|사람이야|너는 사람이야|너 사람이야|당신은 사람인가요|넌 인공지능이야|너 기계야|로봇이에요|진짜 사람이야]?
=> 저는 사람이 아니라 작은 언어 모델이에요.

[뭐 할 수 있어|무엇을 할 수 있어|뭘 할 수 있어|뭐 할 줄 알아|무엇을 할 수 있나요|뭘 할 수 있나요|뭘 잘해|도와줘|도와주세요|뭘 물어볼 수 있어|너는 뭘 할 수 있어|할 수 있는 게 뭐야|뭘 도와줄 수 있어|무엇을 도와줄 수 있나요]?
=> 짧은 계산, 반대말, 나라의 수도, 이야기를 할 수 있어요.

[나는 행복해|기분이 좋아|나 좋아|나는 잘 지내|기뻐|오늘 기분이 좋아|나는 기뻐|행복해|나도 잘 지내|신나]
=> 정말 다행이에요!

[나는 슬퍼|슬퍼|기분이 나빠|피곤해|힘들어|우울해|외로워|나 슬퍼|심심해|기분이 안 좋아|오늘 힘들었어|나 피곤해]
=> 힘내세요! 이야기를 들려드릴까요?

[잘했어|대단해|똑똑하네|최고야|멋져|훌륭해|정답이야|맞아|좋아|착하다|와|정말 잘했어|너 똑똑하다|사랑해|좋은 대답이야]
=> 고마워요! 기분이 좋네요.

[틀렸어|아니야|그건 틀렸어|잘못했어|바보|멍청해|틀린 답이야|그거 아니야|아닌데|못하네]
=> 미안해요. 아직 실수를 해요.

[농담 해줘|웃긴 이야기 해줘|농담 하나 해줘|재미있는 농담 해줘|웃겨줘|농담해 주세요|농담 알아|재밌는 농담 해줘]
=> 소가 웃으면? 우하하!

[만나서 반가워|반가워|반가워요|만나서 반갑습니다|반갑습니다|만나서 반가워요]
=> 저도 만나서 반가워요!

[몇 살이야|나이가 몇이야|몇 살이에요|너 몇 살이야|나이가 어떻게 되세요|생일이 언제야]?
=> 저는 아주 어려요. 만들어진 지 얼마 안 됐어요.

[한국어 할 줄 알아|한국어 할 수 있어|한국말 해|영어 할 줄 알아|한국어 알아|한국어 하세요|어떤 언어를 할 수 있어|한국말 할 줄 알아]?
=> 한국어와 영어를 할 수 있어요.

[응|네|아니|아니요|그래|알았어|알겠어|좋아요|음|오케이|그렇구나|아하]
=> 네! 무엇이 궁금하세요?
"""
_HELD_INTENTS = {
    "안녕하세요! 무엇을 도와드릴까요?": "[안녕 안녕|안녕하세요 여러분]",
    "저는 잘 지내요. 고마워요!": "[오늘은 어떻게 지내|요즘 기분이 어때요|잘 지내고 있어]?",
    "천만에요!": "[정말 고마워요|너무 감사합니다]",
    "안녕히 가세요! 좋은 하루 보내세요.": "[이제 잘 가|내일 또 봐]",
    "저는 작은 언어 모델이에요.": "[당신 이름이 뭐예요|너 누구니|너는 어떤 모델이야]?",
    "짧은 계산, 반대말, 나라의 수도, 이야기를 할 수 있어요.": "[너는 뭐 할 수 있어|무엇을 잘해]?",
    "미안해요. 아직 실수를 해요.": "[답이 틀렸어|아니야 틀렸어]",
    "소가 웃으면? 우하하!": "[농담 좀 해줘|재미있는 농담 하나]",
}
_MY_NAME = wordings(
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
REFUSALS = (
    "미안해요, 그건 할 수 없어요. 짧은 계산을 물어보세요.",
    "그건 저에게 너무 어려워요. 쉬운 것을 물어보세요.",
)
_TOPICS = wordings(
    "ko topics",
    "ko",
    things="""
        {t}에 대해[서|]
        {t}의 [역사|의미|장점|원리|방법]
    """,
    deeds="""
        {t}에 대해[서|] [설명해|말해|알려|써]
        {t}에 대한 [시를|글을|노래를|보고서를|편지를|코드를] [써|만들어]
        [이 문장을|이것을|안녕을] [영어로|일본어로|중국어로|프랑스어로] [번역해|바꿔]
        {t} [코드를|프로그램을] [짜|만들어]
    """,
    lines="""
        {t}[은|는|이란|란] [무엇인가요|뭐야|무엇이야|뭐예요]?
        오늘 날씨 [어때|알려줘|어떄요|어떤가요]?
        [지금|현재] [몇 시야|시간 알려줘|몇 시예요]?
        오늘 [며칠이야|무슨 요일이야|뉴스 알려줘]?
        대통령이 누구야?
        [어떤|무슨] [영화|책|노래|음식]을 추천해줘
        {t}[을|를] 어떻게 [만들어|배워|해]?
        {t}[은|는] 왜 [중요해|그래|일어나]?
        {t}[을|를] 누가 [발명했어|만들었어|발견했어]?
        [로또|복권|주식] [번호|추천] 알려줘
    """,
    held="""
        {t}에 관해 자세히 설명해 주세요
        오늘 날씨는 어때요?
        {t}에 대한 코드를 작성해 주세요
    """,
)
_TOPIC_LIST = tuple(
    "정치 경제 역사 철학 종교 과학 기술 인공지능 양자역학 물리학 화학 생물학 컴퓨터 프로그래밍 파이썬 주식 부동산 건강 의학 법률 교육 "
    "환경 기후 우주 블랙홀 중력 진화 민주주의 자본주의 축구 야구 패션 요리 사랑 인생 죽음 전쟁 평화 예술 음악 미술 문학 심리학".split()
)
_SYLLABLE_POOL = "".join(
    dict.fromkeys(
        "".join(KO_WORDS) + "가나다라마바사아자차카타파하거너더러머버서어저처고노도로모보소오조초구누두루무부수우주추"
    )
)


def _reads_with_final_consonant(number: int) -> bool:
    """Whether the Korean reading of a number ends in a consonant: 영 일 삼 육 칠 팔 and 십, 백 do."""
    return number % 10 in (0, 1, 3, 6, 7, 8)


def _particles(has_final: bool) -> dict[str, str]:
    return {"e": "은", "o": "을", "i": "이"} if has_final else {"e": "는", "o": "를", "i": "가"}


def _numbers(rng: Random, sign: str) -> Item:
    top = 9 if rng.random() < 0.3 else 99
    a, b = rng.randint(0, top), rng.randint(0, top)
    if sign == "x":
        a, b = rng.randint(0, 9), rng.randint(0, 9)
    if sign == "-" and a < b:
        a, b = b, a
    result = {"+": a + b, "-": a - b, "x": a * b}[sign]
    slots = {"a": str(a), "b": str(b), **_particles(_reads_with_final_consonant(b))}
    answer = f"{a} {sign} {b} = {result}입니다."
    return Item(f"ko {a}{sign}{b}", slots, (answer,), is_basic=sign != "x" and a <= 20 and b <= 20)


def _word_item(rng: Random, answer: str) -> Item:
    """`answer` may use {w} the word, {r} its reverse, {n} the number of syllables, {d} the syllables with dashes."""
    if rng.random() < 0.5:
        word = rng.choice(KO_WORDS)
    else:
        word = "".join(rng.choice(_SYLLABLE_POOL) for _ in range(rng.randint(2, 5)))
    shown = word if rng.random() < 0.8 else rng.choice((f"'{word}'", f'"{word}"'))
    slots = {"q": shown, **_particles(has_final_consonant(word[-1]))}
    return Item(f"ko {word}", slots, (answer.format(w=word, r=word[::-1], n=len(word), d="-".join(word)),))


def _opposite(rng: Random) -> Item:
    if rng.random() < 0.06:
        word = "".join(rng.choice(_SYLLABLE_POOL) for _ in range(rng.randint(2, 4)))
        return Item(f"ko opposite {word}", {"q": word}, (UNKNOWN,))
    word, other = rng.choice(KO_OPPOSITES)
    shown = word if rng.random() < 0.8 else rng.choice((f"'{word}'", f'"{word}"'))
    return Item(f"ko opposite {word}", {"q": shown}, (f"{word}의 반대말은 {other}입니다.",))


def _capital(rng: Random) -> Item:
    if rng.random() < 0.06:
        word = "".join(rng.choice(_SYLLABLE_POOL) for _ in range(rng.randint(2, 4)))
        return Item(f"ko capital {word}", {"k": word}, (UNKNOWN,))
    country, city = rng.choice(KO_CAPITALS)
    return Item(f"ko capital {country}", {"k": country}, (f"{country}의 수도는 {city}입니다.",))


def _colour(rng: Random) -> Item:
    thing, colour = rng.choice(KO_COLOURS)
    particles = _particles(has_final_consonant(thing[-1]))
    return Item(f"ko colour {thing}", {"k": thing, **particles}, (f"{thing}의 색은 {colour}입니다.",))


def _single(questions: str, answer: str) -> Task:
    forms = tuple(dict.fromkeys(form for line in questions.splitlines() for form in expand(line)))
    trained = tuple((form,) for form in forms[:-1])
    return Task(
        Wordings("ko", trained, tuple(1.0 for _ in trained), (forms[-1:],)),
        lambda _rng: Item(answer, {}, (answer,)),
        is_closed=True,
        weight=0.15,
    )


def _named(rng: Random) -> Item:
    name = (
        rng.choice(KO_NAMES)
        if rng.random() < 0.3
        else "".join(rng.choice(_SYLLABLE_POOL) for _ in range(rng.randint(2, 3)))
    )
    return Item(f"ko name {name}", {"n": name}, (f"만나서 반가워요, {name}!",))


def _topic(rng: Random) -> Item:
    topic = (
        rng.choice(_TOPIC_LIST)
        if rng.random() < 0.75
        else "".join(rng.choice(_SYLLABLE_POOL) for _ in range(rng.randint(2, 4)))
    )
    return Item(f"ko topic {topic}", {"t": topic}, REFUSALS)


SKILLS = (
    Skill("Korean add", "ko", (Task(_ADD, lambda rng: _numbers(rng, "+")),), "더하기"),
    Skill("Korean subtract", "ko", (Task(_SUBTRACT, lambda rng: _numbers(rng, "-")),), "빼기"),
    Skill("Korean multiply", "ko", (Task(_MULTIPLY, lambda rng: _numbers(rng, "x"), is_closed=True),), "곱하기"),
    Skill(
        "Korean reverse", "ko", (Task(_REVERSE, lambda rng: _word_item(rng, "{d}, 거꾸로 {r}입니다.")),), "거꾸로 쓰기"
    ),
    Skill(
        "Korean count", "ko", (Task(_SYLLABLES, lambda rng: _word_item(rng, "{d}, {n}글자입니다.")),), "글자 수 세기"
    ),
    Skill("Korean opposites", "ko", (Task(_OPPOSITE, _opposite, is_closed=True),), "반대말"),
    Skill("Korean capitals", "ko", (Task(_CAPITAL, _capital, is_closed=True),), "나라의 수도"),
    Skill(
        "Korean facts", "ko", (Task(_COLOUR, _colour, is_closed=True), *(_single(q, a) for q, a in KO_FACTS)), "상식"
    ),
    Skill(
        "Korean small talk", "ko", (*intents(_INTENTS, _HELD_INTENTS, "ko"), Task(_MY_NAME, _named, weight=3.0)), "대화"
    ),
    Skill("Korean refusal", "ko", (Task(_TOPICS, _topic),), "그것"),
)
