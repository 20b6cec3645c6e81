# ruff: noqa: E501, SIM905 - word lists read best whole
"""Questions in Korean outside the skills."""

from random import Random

from inference.demo.corpus.grammar import wordings
from inference.demo.corpus.korean.items import SYLLABLE_POOL
from inference.demo.corpus.skill import Item

TOPICS = wordings(
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


def topic(rng: Random) -> Item:
    subject = (
        rng.choice(_TOPIC_LIST)
        if rng.random() < 0.75
        else "".join(rng.choice(SYLLABLE_POOL) for _ in range(rng.randint(2, 4)))
    )
    return Item(f"ko topic {subject}", {"t": subject}, "ko refusal")
