# ruff: noqa: E501, SIM905 - grammar lines and word lists read best whole
"""The words and facts of the corpus (data only)."""

WORDS = tuple(
    """
apple banana cherry grape lemon mango melon olive orange peach pear plum berry fig kiwi lime papaya coconut apricot
strawberry blueberry raspberry pineapple avocado tomato potato carrot onion garlic pepper pumpkin cucumber spinach
lettuce celery radish turnip cabbage broccoli mushroom bean pea corn rice bread butter cheese cream milk sugar salt
honey soup salad pizza pasta noodle cookie cake candy chocolate coffee tea juice water egg jam toast waffle pancake
cat dog cow pig hen duck goose horse sheep goat donkey rabbit mouse rat hamster lion tiger bear wolf fox deer monkey
elephant giraffe zebra camel kangaroo panda koala otter seal whale dolphin shark fish frog toad snake lizard turtle
crocodile eagle owl crow robin swan pigeon parrot penguin ostrich peacock ant bee wasp beetle butterfly spider snail
worm crab lobster octopus squid badger beaver hedgehog squirrel
table chair lamp desk bed sofa shelf door window wall floor roof kitchen garden cellar mirror carpet curtain pillow
blanket basket bottle bucket candle clock hammer kettle ladder needle oven pencil paper plate spoon fork knife glass
cup bowl pan pot box bag key lock rope scissors soap towel umbrella wallet watch button jacket shirt trousers skirt
dress sock shoe boot glove scarf hat helmet ring
house castle tower bridge church school hospital library market museum office palace station street village city town
farm forest jungle desert mountain valley river lake ocean island beach cave hill meadow cloud rain snow storm thunder
rainbow wind sun moon star planet rocket comet sky earth fire stone sand gold silver iron copper diamond
car bus train tram truck bicycle boat ship plane engine wheel ticket road tunnel harbour sailor pilot driver doctor
nurse teacher farmer baker butcher singer dancer painter writer actor king queen prince princess knight wizard pirate
soldier hunter judge lawyer student child baby boy girl woman man mother father brother sister uncle aunt cousin friend
music piano guitar violin drum trumpet flute song dance picture poem story letter novel book page pen ruler eraser
football tennis hockey chess puzzle doll kite ball balloon game winter summer spring autumn morning evening night
january monday friday sunday minute hour week month year number circle square triangle
red blue green yellow purple brown black white pink violet big small happy angry funny quiet noisy clever brave gentle
strong weak quick slow bright dark hot cold warm cool soft hard sweet sour fresh clean dirty rich poor young old new
run jump swim walk talk sing sleep dream eat drink read write think learn play laugh smile cry listen speak climb
throw catch build break carry push pull open close begin finish travel
level noon radar kayak civic banana bubble coffee balloon apple mississippi committee tattoo
python computer keyboard screen robot internet language model arena battle winner question answer
world hello house water people health power nature freedom peace love hope truth heart brain finger thumb elbow knee
shoulder stomach tongue tooth nose mouth ear eye hair hand foot leg arm neck back head
energy magic dragon unicorn ghost monster giant mermaid treasure mystery secret adventure holiday birthday present
party festival circus theatre cinema concert camera photo radio television telephone newspaper magazine
science history geography biology chemistry physics mathematics algebra geometry fraction decimal
zebra quiz jazz fuzzy dizzy pretzel oxygen xylophone yogurt zoo quartz vortex wizard yawn
""".split()
)

# Words of requests. Many are single pieces of the tokenizer, so their letters have to be taught by name.
REQUEST_WORDS = tuple(
    """
please words many word capital backwards from know that opposite comes numbers bigger like tell order than lived find
times would plural name spell help about with could want does which time there have found something reverse simple these
alphabetical well says called sorry larger little greater make plus whether often this very ahead then divided wonder
task items slept kept things away proud later home antonym shared took curious excited sorted sang minus sums facts will
everyone showed surprised sound thanks show difference smiled calculate rainy windy animal thank sort your named work
understand biggest golden into shiny lost tale under arrange much solve check spelling decide able form total appears
here between smallest makes next call largest over nice meet color smaller ones when spelled bring written length them
product colour contrary dear might alphabetically occurs continents reversed wrote choose multiplied multiply pick tiny
subtract tallest kind made just problem each fastest welcome type degrees korean highest equals colours flip goodbye land
glad okay among english still divide round mistakes today invent where cows bees trained rises share sets hydrogen
imitate fine pacific questions another split equal apples translate follows direction pandas bamboo joke sleeping bull
without rise coins boil boils freezes together always ensure respond assist assistant content fairness friendly harmful
helpful honest negative polite positivity prejudiced promote replies respect securely sentence shortly truthfully
unethical utility utmost the and how you what letters letter hello good
""".split()
)

NOUNS = tuple(
    """
apple banana cherry lemon melon orange peach pear plum carrot onion pumpkin cookie cake egg cat dog cow pig hen duck
horse goat donkey rabbit lion tiger bear fox monkey camel panda seal whale shark frog snake lizard turtle eagle owl
crow swan parrot penguin ant bee spider snail worm crab table chair lamp desk bed door window wall roof garden mirror
pillow basket bottle bucket candle clock hammer ladder needle pencil plate spoon fork cup bowl key lock ring hat sock
shoe boot glove house castle tower bridge school museum office station street village farm forest mountain river lake
island hill cloud storm star planet rocket stone car train truck boat ship plane wheel ticket road tunnel sailor pilot
doctor nurse teacher farmer baker singer painter king queen knight friend song poem letter book page pen game kite ball
balloon winter summer morning night minute hour week month year number circle square button shirt robot flower tree
box fox bus glass dress class brush dish bush wish church watch match beach peach branch witch lunch bench sandwich tax
kiss boss cross city baby lady party berry cherry story country family puppy pony fairy body army copy fly spy cherry
day boy toy key monkey donkey turkey valley tray way
picture camera computer guitar piano radio photo video zoo
""".split()
)

IRREGULAR_PLURALS = dict(
    pair.split(":")
    for pair in """child:children foot:feet tooth:teeth mouse:mice man:men woman:women person:people goose:geese
    sheep:sheep fish:fish deer:deer ox:oxen leaf:leaves knife:knives wife:wives wolf:wolves life:lives half:halves
    shelf:shelves loaf:loaves thief:thieves calf:calves potato:potatoes tomato:tomatoes hero:heroes""".split()
)

OPPOSITES = tuple(
    (pair.split(":")[0], pair.split(":")[1])
    for pair in """hot:cold big:small happy:sad fast:slow up:down left:right day:night good:bad old:young light:dark
    high:low open:closed in:out on:off yes:no black:white full:empty rich:poor strong:weak long:short hard:soft wet:dry
    early:late near:far clean:dirty loud:quiet love:hate win:lose start:stop true:false first:last tall:short
    front:back inside:outside above:below before:after buy:sell give:take push:pull come:go laugh:cry
    thick:thin wide:narrow deep:shallow heavy:light easy:difficult cheap:expensive sweet:sour
    brave:afraid north:south east:west summer:winter friend:enemy question:answer begin:end safe:dangerous
    smooth:rough sharp:blunt always:never more:less""".split()
)
_TWO_WAYS = (
    "cold:hot small:big sad:happy slow:fast down:up right:left night:day bad:good young:old low:high "
    "out:in off:on no:yes white:black empty:full poor:rich weak:strong short:long soft:hard dry:wet late:early far:near "
    "dirty:clean quiet:loud hate:love lose:win false:true last:first back:front outside:inside below:above after:before "
    "sell:buy take:give pull:push thin:thick narrow:wide shallow:deep difficult:easy expensive:cheap sour:sweet "
    "south:north west:east winter:summer enemy:friend end:begin dangerous:safe rough:smooth never:always less:more dark:light"
)
OPPOSITES += tuple((pair.split(":")[0], pair.split(":")[1]) for pair in _TWO_WAYS.split())

CAPITALS = tuple(
    (pair.split(":")[0].replace("_", " "), pair.split(":")[1].replace("_", " "))
    for pair in """France:Paris Germany:Berlin Italy:Rome Spain:Madrid Portugal:Lisbon England:London Ireland:Dublin
    Scotland:Edinburgh Austria:Vienna Belgium:Brussels Denmark:Copenhagen Sweden:Stockholm Norway:Oslo Finland:Helsinki
    Poland:Warsaw Greece:Athens Hungary:Budapest Russia:Moscow Ukraine:Kyiv Turkey:Ankara Egypt:Cairo Kenya:Nairobi
    Japan:Tokyo China:Beijing India:New_Delhi Thailand:Bangkok Vietnam:Hanoi Indonesia:Jakarta Mongolia:Ulaanbaatar
    Canada:Ottawa Mexico:Mexico_City Brazil:Brasilia Argentina:Buenos_Aires Chile:Santiago Peru:Lima Cuba:Havana
    Australia:Canberra Iran:Tehran Iraq:Baghdad Israel:Jerusalem South_Korea:Seoul Korea:Seoul Switzerland:Bern
    Netherlands:Amsterdam Iceland:Reykjavik Romania:Bucharest Bulgaria:Sofia Croatia:Zagreb Serbia:Belgrade
    Morocco:Rabat Nigeria:Abuja Ethiopia:Addis_Ababa Philippines:Manila Malaysia:Kuala_Lumpur Nepal:Kathmandu
    Colombia:Bogota Venezuela:Caracas""".split()
)

COLOURS = tuple(
    (pair.split(":")[0].replace("_", " "), pair.split(":")[1])
    for pair in """the_sky:blue grass:green snow:white blood:red coal:black a_banana:yellow the_sun:yellow
    an_orange:orange a_carrot:orange milk:white chocolate:brown a_lemon:yellow a_tomato:red a_strawberry:red
    a_frog:green the_sea:blue a_flamingo:pink a_polar_bear:white a_leaf:green an_elephant:grey a_crow:black
    a_pumpkin:orange""".split()
)

SOUNDS = tuple(
    (pair.split(":")[0], pair.split(":")[1])
    for pair in """cow:moo dog:woof cat:meow sheep:baa duck:quack pig:oink horse:neigh hen:cluck frog:ribbit bee:buzz
    lion:roar owl:hoot snake:hiss mouse:squeak wolf:howl crow:caw donkey:hee-haw""".split()
)

BABIES = tuple(
    (pair.split(":")[0], pair.split(":")[1])
    for pair in """dog:puppy cat:kitten cow:calf sheep:lamb horse:foal pig:piglet duck:duckling hen:chick goat:kid bear:cub
    lion:cub kangaroo:joey swan:cygnet deer:fawn frog:tadpole owl:owlet fox:cub""".split()
)

LEGS = tuple(
    (pair.split(":")[0], int(pair.split(":")[1]))
    for pair in """spider:8 dog:4 cat:4 cow:4 horse:4 bird:2 ant:6 bee:6 fly:6 human:2 snake:0 fish:0 hen:2 octopus:0
    elephant:4 duck:2 beetle:6 crab:10 frog:4 lion:4 pig:4 butterfly:6 worm:0""".split()
)

UNITS = tuple(
    (pair.split(":")[0], pair.split(":")[1], int(pair.split(":")[2]))
    for pair in """days:week:7 months:year:12 hours:day:24 minutes:hour:60 seconds:minute:60 weeks:year:52 seasons:year:4
    centimetres:metre:100 metres:kilometre:1000 grams:kilogram:1000 years:century:100 years:decade:10 eggs:dozen:12
    sides:triangle:3 sides:square:4 letters:alphabet:26 cents:dollar:100 players:football_team:11
    wheels:car:4 wheels:bicycle:2 legs:table:4 strings:guitar:6 planets:solar_system:8 days:weekend:2""".split()
)

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
          "December")  # fmt: skip

# Single facts: the ways to ask, and the answer.
FACTS: tuple[tuple[str, str], ...] = (
    ("[What is|What's|Which is] the [largest|biggest] planet?\nWhich planet is the [largest|biggest]?\n[What is|Name] the [largest|biggest] planet in the solar system", "The biggest planet is Jupiter."),
    ("[What is|What's|Which is] the [largest|biggest] animal?\nWhich animal is the [largest|biggest]?\n[What is|Name] the [largest|biggest] animal [in the world|on Earth]", "The biggest animal is the blue whale."),
    ("[What is|What's|Which is] the tallest animal?\nWhich animal is the tallest?\n[What is|Name] the tallest animal [in the world|on Earth]", "The tallest animal is the giraffe."),
    ("[What is|What's|Which is] the fastest [land animal|animal]?\nWhich [land animal|animal] is the fastest?\n[What is|Name] the fastest animal [in the world|on land]", "The fastest land animal is the cheetah."),
    ("[What is|What's|Which is] the highest mountain?\nWhich mountain is the [highest|tallest]?\n[What is|Name] the [highest|tallest] mountain [in the world|on Earth]", "The highest mountain is Mount Everest."),
    ("[What is|What's|Which is] the [largest|biggest] ocean?\nWhich ocean is the [largest|biggest]?\n[What is|Name] the [largest|biggest] ocean [in the world|on Earth]", "The biggest ocean is the Pacific."),
    ("[What is|What's] water made of?\n[What does|Of what does] water consist?\nWhat is the formula of water?\nTell me what water is made of\n[What is|What's] H2O?", "Water is made of hydrogen and oxygen."),
    ("Who wrote Romeo and Juliet?\nWho wrote Hamlet?\nWho is the author of [Hamlet|Romeo and Juliet]?\nTell me who wrote [Hamlet|Romeo and Juliet]", "That was William Shakespeare."),
    ("Where does the sun rise?\nIn which direction does the sun rise?\nWhere does the sun come up?\nTell me where the sun rises", "The sun rises in the east."),
    ("Where does the sun set?\nIn which direction does the sun set?\nWhere does the sun go down?\nTell me where the sun sets", "The sun sets in the west."),
    ("At what temperature does water freeze?\nWhen does water freeze?\nWhen does water turn to ice?\nTell me when water freezes", "Water freezes at 0 degrees Celsius."),
    ("At what temperature does water boil?\nWhen does water boil?\nTell me when water boils", "Water boils at 100 degrees Celsius."),
    ("What do bees make?\nWhat do bees produce?\nTell me what bees make\nWhat is made by bees?", "Bees make honey."),
    ("What do cows [eat|feed on]?\nTell me what cows eat\nWhat does a cow [eat|feed on]?", "Cows eat grass."),
    ("What do pandas [eat|feed on]?\nTell me what pandas eat\nWhat does a panda [eat|feed on]?", "Pandas eat bamboo."),
    ("Which planet do we live on?\nWhat planet do we live on?\nWhat is the name of our planet?\nWhich planet is our home?", "We live on the Earth."),
    ("How many continents are there?\nHow many continents does the Earth have?\nTell me how many continents there are\n[What is|Give me] the number of continents", "There are 7 continents."),
    ("Who was the first [man|person|human] on the moon?\nWho walked on the moon first?\nWho first walked on the moon?\nTell me who was first on the moon", "That was Neil Armstrong."),
    ("Who painted the Mona Lisa?\nWho is the painter of the Mona Lisa?\nTell me who painted the Mona Lisa", "That was Leonardo da Vinci."),
    ("How many colours does a rainbow have?\nHow many [colours|colors] are in [a|the] rainbow?\nTell me how many colours a rainbow has", "A rainbow has 7 colours."),
    ("Is the earth [round|flat]?\nWhat shape is the earth?\nWhat is the shape of the earth?\nTell me the shape of the earth", "The Earth is round."),
    ("What do plants need to grow?\nWhat does a plant need?\nTell me what plants need", "Plants need light, water and air."),
)  # fmt: skip

FIRST_NAMES = tuple(
    """Whiskers Luna Max Bella Pip Coco Daisy Rocky Ruby Oscar Milo Toby Nala Simba Teddy Lily Rosie Buddy Charlie
    Molly Felix Lucky Ginger Pepper Sunny Bruno Hazel Otto Poppy Rex Socks Biscuit Pearl Jasper Bonnie Duke Fluffy Goldie
    Tim Anna Ben Clara Sam Tom Mia Leo Zoe Emma""".split()
)
ANIMALS = tuple(
    """cat dog cow pig hen duck goose horse sheep goat donkey rabbit mouse hamster lion tiger bear wolf fox deer monkey
    elephant giraffe zebra camel kangaroo panda koala otter seal whale dolphin shark fish frog toad snake lizard turtle
    crocodile eagle owl crow robin swan parrot penguin ostrich peacock bee beetle butterfly spider snail crab
    octopus badger beaver hedgehog squirrel dragon unicorn robot puppy kitten bird""".split()
)

KO_WORDS = tuple(
    """나무 바다 하늘 구름 바람 사람 사랑 친구 학교 가방 연필 지우개 책상 의자 창문 시계 전화 기차 자동차 비행기 자전거 버스
    사과 바나나 포도 수박 딸기 오렌지 토마토 감자 고구마 당근 양파 김치 비빔밥 떡볶이 라면 우유 커피 주스 빵 과자 사탕
    고양이 강아지 토끼 호랑이 사자 코끼리 기린 원숭이 돼지 오리 거북이 다람쥐 여우 늑대 나비 개미 거미 펭귄 고래 상어
    엄마 아빠 누나 동생 할머니 할아버지 선생님 학생 의사 가수 요리사 소방관 경찰 화가 봄 여름 가을 겨울 아침 점심 저녁
    노래 음악 그림 영화 신문 편지 도서관 병원 시장 공원 바닷가 산 강 호수 섬 무지개 별 달 해 눈사람 우산 모자 신발 장갑
    안경 치마 바지 컴퓨터 냉장고 텔레비전 피아노 기타 축구 야구 농구 수영 태권도 한국 서울 부산 제주도 대한민국
    미소 행복 희망 평화 자유 꿈 마음 시간 이야기 선물 생일 여행 운동 공부 숙제 질문 대답 언어 모델""".split()
)
KO_OPPOSITES = tuple(
    (pair.split(":")[0], pair.split(":")[1])
    for pair in """크다:작다 작다:크다 많다:적다 적다:많다 높다:낮다 낮다:높다 길다:짧다 짧다:길다 덥다:춥다 춥다:덥다 뜨겁다:차갑다
    차갑다:뜨겁다 빠르다:느리다 느리다:빠르다 좋다:나쁘다 나쁘다:좋다 밝다:어둡다 어둡다:밝다 가볍다:무겁다 무겁다:가볍다 쉽다:어렵다
    어렵다:쉽다 넓다:좁다 좁다:넓다 두껍다:얇다 얇다:두껍다 강하다:약하다 약하다:강하다 열다:닫다 닫다:열다 오다:가다 가다:오다 위:아래
    아래:위 안:밖 밖:안 앞:뒤 뒤:앞 왼쪽:오른쪽 오른쪽:왼쪽 낮:밤 밤:낮 남자:여자 여자:남자 시작:끝 끝:시작 사다:팔다 팔다:사다
    웃다:울다 울다:웃다 가깝다:멀다 멀다:가깝다""".split()
)
KO_CAPITALS = tuple(
    (pair.split(":")[0], pair.split(":")[1])
    for pair in """한국:서울 대한민국:서울 일본:도쿄 중국:베이징 프랑스:파리 독일:베를린 영국:런던 이탈리아:로마 스페인:마드리드
    포르투갈:리스본 러시아:모스크바 미국:워싱턴 캐나다:오타와 인도:뉴델리 태국:방콕 베트남:하노이 몽골:울란바토르 호주:캔버라
    이집트:카이로 터키:앙카라 그리스:아테네 오스트리아:빈 스위스:베른 네덜란드:암스테르담 벨기에:브뤼셀 덴마크:코펜하겐 스웨덴:스톡홀름
    노르웨이:오슬로 핀란드:헬싱키 폴란드:바르샤바 멕시코:멕시코시티 브라질:브라질리아 페루:리마 쿠바:아바나 케냐:나이로비
    인도네시아:자카르타 필리핀:마닐라 네팔:카트만두""".split()
)
KO_COLOURS = tuple(
    (pair.split(":")[0], pair.split(":")[1])
    for pair in """하늘:파란색 풀:초록색 눈:하얀색 피:빨간색 바나나:노란색 딸기:빨간색 당근:주황색 바다:파란색 우유:하얀색 까마귀:검은색
    레몬:노란색 토마토:빨간색 숯:검은색 개구리:초록색 초콜릿:갈색 코끼리:회색""".split()
)
KO_FACTS: tuple[tuple[str, str, str], ...] = (
    ("일주일은 며칠[이야|이에요|인가요|입니까|]?\n일주일은 [몇 일|몇일]이야?\n일주일에는 며칠이 있어?", "일주일은 7일입니다.", "일주일은 7일이에요."),
    ("[1년|일 년|일년]은 [몇 달|몇 개월][이야|이에요|인가요|]?\n[1년|일 년]에는 몇 달이 있어?", "1년은 12달입니다.", "1년은 12달이에요."),
    ("하루는 몇 시간[이야|이에요|인가요|입니까|]?\n하루에는 몇 시간이 있어?", "하루는 24시간입니다.", "하루는 24시간이에요."),
    ("[1시간|한 시간]은 몇 분[이야|이에요|인가요|입니까|]?", "1시간은 60분입니다.", "1시간은 60분이에요."),
    ("[1분|일 분]은 몇 초[이야|이에요|인가요|입니까|]?", "1분은 60초입니다.", "1분은 60초예요."),
    ("거미[는|의] 다리[가|는|] 몇 개[야|예요|인가요|]?\n거미 다리는 몇 개야?", "거미의 다리는 8개입니다.", "거미의 다리는 8개예요."),
    ("개미[는|의] 다리[가|는|] 몇 개[야|예요|인가요|]?\n개미 다리는 몇 개야?", "개미의 다리는 6개입니다.", "개미의 다리는 6개예요."),
    ("가장 [큰|커다란] 동물[은|은 뭐야|은 무엇인가요|이 뭐야]?\n[제일|세상에서 가장] 큰 동물[은|은 뭐야|은 무엇인가요]?", "가장 큰 동물은 흰긴수염고래입니다.", "가장 큰 동물은 흰긴수염고래예요."),
    ("가장 [높은] 산[은|은 뭐야|은 무엇인가요|이 뭐야]?\n[제일|세상에서 가장] 높은 산[은|은 뭐야|은 무엇인가요]?", "가장 높은 산은 에베레스트산입니다.", "가장 높은 산은 에베레스트산이에요."),
    ("한글[은|을] 누가 [만들었어|만들었나요|만들었습니까]?\n한글을 만든 사람[은|은 누구야|이 누구야|은 누구인가요]?", "세종대왕이 한글을 만들었습니다.", "세종대왕이 한글을 만들었어요."),
    ("가장 큰 행성[은|은 뭐야|은 무엇인가요|이 뭐야]?\n[제일|태양계에서 가장] 큰 행성[은|은 뭐야|은 무엇인가요]?", "가장 큰 행성은 목성입니다.", "가장 큰 행성은 목성이에요."),
    ("무지개[는|의] 색[은|이|깔은] 몇 개[야|예요|인가요|]?\n무지개는 몇 가지 색이야?", "무지개는 7가지 색입니다.", "무지개는 7가지 색이에요."),
    ("물은 몇 도에서 [끓어|끓나요|끓습니까]?\n물이 끓는 온도는?", "물은 100도에서 끓습니다.", "물은 100도에서 끓어요."),
    ("물은 몇 도에서 [얼어|어나요|업니까]?\n물이 어는 온도는?", "물은 0도에서 업니다.", "물은 0도에서 얼어요."),
)  # fmt: skip
KO_NAMES = tuple(
    "나비 초코 보리 콩이 두부 루루 별이 까미 하루 토토 뽀삐 몽이 구름이 모모 단추 해피 미미 바둑이 복실이 사랑이".split()
)
KO_ANIMALS = tuple(
    "고양이 강아지 토끼 호랑이 사자 코끼리 기린 원숭이 돼지 오리 거북이 다람쥐 여우 늑대 펭귄 고래 곰 말 소 양 염소 개구리 부엉이 "
    "참새 앵무새 고슴도치 햄스터 너구리 사슴 로봇".split()
)
