# ruff: noqa: SIM905 - word lists read best whole
"""The words and Hangul syllables that are one token each.

The words are the most frequent of 30,000 dialogues with at least four letters that do not begin a word that a question
could be about; a few short ones; the long words of system prompts; and "letter", "letters", "story", "number", whose
letters the corpus teaches by name. Their order is that of the vocabulary.
"""

WHOLE_WORDS = tuple(
    """
the The and And how How you You Can letters letter story number please words many word what capital What backwards
know opposite that from comes bigger like numbers tell order than lived find times would Please Tell plural name
That spell about help with Could want Sorry which does time found there simple have something could reverse these
alphabetical called Help well sorry says make larger whether plus little Then this greater very ahead slept often
wonder divided antonym kept things items curious Later home took task minus Would sums excited facts shared Whats
proud sang surprised sorted Which showed everyone show away Find smiled Will difference thanks windy sound sort
calculate rainy animal named work Thank golden Your Sort lost into understand Show biggest much under shiny able
decide solve arrange your whats spelling tale form Name total Thanks check between here Okay appears makes largest
will smallest length then spelled next bring meet smaller nice color ones call product over Dear written Nice
contrary them thank when Next Spell colour alphabetically wrote occurs reversed multiply tiny might multiplied pick
continents choose Well kind subtract tallest Reverse Just fastest Order degrees Celsius today still made problem
type land mistakes equals colours There Arrange Have flip okay round each Calculate Goodbye highest Korean dear
welcome glad among invent Solve divide just fine English rises translate where sets Where bees Make Work share
bamboo trained follows Cows split Pacific Pandas Bees without joke When boil Capital William Shakespeare hydrogen
questions cheetah bull another direction Check Opposite boils imitate look Neil Armstrong rise cows pandas freezes
Jupiter cats wrong together sleeping Plural Everest animals books bulldozer coins Always Answer Ensure Respond
assist assistant content fairness friendly harmful helpful honest negative polite positivity prejudiced promote
replies respect securely sentence shortly truthfully unethical utility utmost
""".split()
)
HANGUL = "".join(
    """
가간갈감갑갔강개거건검겁것게겐겠겨견경계고곤골곰곱공과관괜교구국궁권귀귄그근글금기긴길김까깔깝껍꾸꿈꿔끓끝끼나날남낮낱내
냈냉냐너넌넓네녁년녕노놀농높누눈뉴느늑는늘능니닌닐님다단닫달담답닷당대더던덜덥데덴델도독돌동돼됐되두둑둡뒤드든듣들디딸때
떄떡떤떻또똑뜨라란람랑래랙램러런럼렀렇레렌려력렵렸령로록루뤼률륭르른를름리린릴림릿마만많말맑맛망맞머먹멀멍멕며면명몇모목
몬몰못몽무문물뭐뭘미민밌밍바박밖반발밝밤밥방배버번법베벨별볍병보복볶본볼봄봇봐부북분불브블비빈빔빠빨빵빼뻐뽀쁘쁜삐사산살
상새색생샤서선설섬성세셀션소속쇠수숙순술숭숯숲쉬쉽스슨슬슴습시식신실심싱싶써썬쓰쓴씨아악안알암았앙앞앵야약얀얇양어언얼엄
업없엇었엉에여역연열염영예옛오와왕왜외왼요용우운울웃워원월웨위유육으은을음응의이인일읽입있자작잘잤장재쟁저적전절점정제져
조좀좁종좋주죽줄중줘쥐즘지직진질집징짜짝짧쪽차착찮찰참창찾책처천철청쳐초최추축춥치친칠침카캐캔커컨컴케코콕콜콩쿄쿠크큰키
타탈탕태터턴테텔토톡통투트틀티파팔패퍼페펜펭편평포폴푹풀퓨프플피핀필하학한할합해햄했행헬현호혹홀화환활황회후훌희흰히힘
""".split()
)
