"""What the seeded city is made of: made-up shops at real places in the middle of Berlin, with their goods."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from math import cos, radians, sin, sqrt
from typing import Final

from catalog.geography import Position

CENTRE: Final = Position(52.5200, 13.4000)
TIME_ZONE: Final = "Europe/Berlin"
CURRENCY: Final = "EUR"

BRANCH_DISTANCE_M: Final = 400
FARTHEST_BRANCH_M: Final = 4_000
GOLDEN_ANGLE_DEGREES: Final = 137.508
METRES_PER_DEGREE: Final = 111_195


@dataclass(frozen=True, slots=True, kw_only=True)
class Goods:
    sku: str
    name: str
    price: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    name: str
    address: str
    position: Position
    sku_prefix: str
    preparation_minutes: int
    delivery_base_fee: Decimal
    delivery_fee_per_km: Decimal = Decimal("0.50")
    range: Sequence[tuple[str, str]]

    @property
    def phone(self) -> str:
        """Of the numbers that the Federal Network Agency keeps free for stories."""
        return f"+49 30 23125 {sum(map(ord, self.sku_prefix)) % 1000:03d}"

    @property
    def email(self) -> str:
        return f"{self.sku_prefix.lower()}@example.com"

    def goods(self, count: int) -> Iterator[Goods]:
        """As many as asked for: when the range is used up, it comes again in bigger packs."""
        for number in range(count):
            packs, index = divmod(number, len(self.range))
            name, price = self.range[index]
            yield Goods(
                sku=f"{self.sku_prefix}-{number + 1:03d}",
                name=f"{name}, pack of {packs + 1}" if packs else name,
                price=Decimal(price) * (packs + 1),
            )


SHOPS: Final[Sequence[Shop]] = (
    Shop(
        name="Bäckerei Morgenrot", address="Rosenthaler Straße 38, 10178 Berlin", position=Position(52.5251, 13.4017),
        sku_prefix="BKM", preparation_minutes=5, delivery_base_fee=Decimal("1.50"),
        range=(
            ("Country sourdough, 1 kg", "5.20"), ("Rye crust, 750 g", "4.40"), ("Pretzel", "1.30"),
            ("Poppy seed roll", "0.85"), ("Butter croissant", "1.90"), ("Cinnamon bun", "2.80"),
            ("Plum cake, slice", "3.20"), ("Cheesecake, slice", "3.60"), ("Filter coffee", "2.60"),
            ("Orange juice, pressed", "3.90"), ("Cheese sandwich", "4.50"), ("Apple turnover", "2.70"),
        ),
    ),
    Shop(
        name="Trattoria Lungomare", address="Oranienburger Straße 27, 10117 Berlin",
        position=Position(52.5247, 13.3958), sku_prefix="TLM", preparation_minutes=18,
        delivery_base_fee=Decimal("2.50"),
        range=(
            ("Pizza Margherita", "9.50"), ("Pizza Salami piccante", "11.90"), ("Pizza Quattro Formaggi", "12.50"),
            ("Spaghetti alle vongole", "15.80"), ("Penne all'arrabbiata", "10.90"), ("Lasagne al forno", "12.90"),
            ("Insalata mista", "6.90"), ("Bruschetta", "5.80"), ("Tiramisù", "5.90"), ("Panna cotta", "5.50"),
            ("San Pellegrino, 0.75 l", "4.20"), ("Limonata", "3.80"),
        ),
    ),
    Shop(
        name="Saigon Garküche", address="Alte Schönhauser Straße 46, 10119 Berlin", position=Position(52.5266, 13.4080),
        sku_prefix="SGK", preparation_minutes=12, delivery_base_fee=Decimal("2.20"),
        range=(
            ("Phở bò", "11.90"), ("Phở with tofu", "10.90"), ("Bún chả", "12.50"), ("Bánh mì with chicken", "7.50"),
            ("Summer rolls, 2 pieces", "5.90"), ("Crispy spring rolls, 4 pieces", "6.50"),
            ("Green papaya salad", "7.90"), ("Lemongrass chicken with rice", "11.50"), ("Red curry with duck", "14.90"),
            ("Mango sticky rice", "5.50"), ("Iced coffee with condensed milk", "4.50"), ("Jasmine tea", "3.20"),
        ),
    ),
    Shop(
        name="Späti am Luxemburgplatz", address="Rosa-Luxemburg-Straße 20, 10178 Berlin",
        position=Position(52.5262, 13.4102), sku_prefix="SPL", preparation_minutes=3,
        delivery_base_fee=Decimal("1.90"),
        range=(
            ("Club mate, 0.5 l", "1.80"), ("Mineral water, 1.5 l", "1.20"), ("Cola, 0.33 l", "1.60"),
            ("Paprika crisps", "2.40"), ("Salted peanuts", "2.10"), ("Dark chocolate", "2.30"), ("Wine gums", "1.90"),
            ("Oat milk, 1 l", "2.60"), ("Eggs, 10 pieces", "3.90"), ("Spaghetti, 500 g", "1.70"),
            ("Toilet paper, 8 rolls", "4.80"), ("AA batteries, 4 pieces", "4.50"),
        ),
    ),
    Shop(
        name="Obst & Gemüse Kaya", address="Karl-Liebknecht-Straße 13, 10178 Berlin",
        position=Position(52.5222, 13.4091), sku_prefix="OGK", preparation_minutes=6,
        delivery_base_fee=Decimal("1.90"),
        range=(
            ("Tomatoes on the vine, 500 g", "2.40"), ("Cucumber", "1.10"), ("Potatoes, 2 kg", "3.20"),
            ("Red onions, 1 kg", "2.20"), ("Apples Elstar, 1 kg", "2.90"), ("Bananas, 1 kg", "2.10"),
            ("Strawberries, 500 g", "4.50"), ("Lemons, 3 pieces", "1.80"), ("Flat-leaf parsley", "1.20"),
            ("Olives, 250 g", "3.90"), ("Sheep's cheese, 200 g", "3.40"), ("Flatbread", "1.60"),
        ),
    ),
    Shop(
        name="Weinhandlung Spreebogen", address="Burgstraße 22, 10178 Berlin", position=Position(52.5212, 13.4017),
        sku_prefix="WSB", preparation_minutes=5, delivery_base_fee=Decimal("3.90"),
        range=(
            ("Riesling trocken, Mosel", "11.90"), ("Silvaner, Franken", "10.50"), ("Spätburgunder, Baden", "14.90"),
            ("Grauburgunder, Pfalz", "9.90"), ("Chianti Classico", "15.50"), ("Crémant d'Alsace", "16.90"),
            ("Alcohol-free sparkling", "8.90"), ("Grape juice, 1 l", "4.90"), ("Grissini", "3.50"),
            ("Mountain cheese, 200 g", "6.90"), ("Fig mustard", "4.20"), ("Corkscrew", "7.90"),
        ),
    ),
    Shop(
        name="Burgerei Nordstern", address="Chausseestraße 8, 10115 Berlin", position=Position(52.5290, 13.3870),
        sku_prefix="BNS", preparation_minutes=14, delivery_base_fee=Decimal("2.50"),
        range=(
            ("Cheeseburger", "9.90"), ("Double cheeseburger", "12.90"), ("Halloumi burger", "10.50"),
            ("Black bean burger", "9.80"), ("Chicken burger", "10.90"), ("French fries", "4.20"),
            ("Sweet potato fries", "4.90"), ("Onion rings", "4.50"), ("Coleslaw", "3.90"), ("Vanilla shake", "5.50"),
            ("Ginger lemonade", "3.90"), ("Brownie", "3.80"),
        ),
    ),
    Shop(
        name="Eiscafé Sonnenseite", address="Weinbergsweg 3, 10119 Berlin", position=Position(52.5305, 13.4016),
        sku_prefix="ECS", preparation_minutes=6, delivery_base_fee=Decimal("2.20"),
        range=(
            ("Vanilla ice cream, 500 ml", "7.50"), ("Chocolate ice cream, 500 ml", "7.50"),
            ("Pistachio ice cream, 500 ml", "8.50"), ("Mango sorbet, 500 ml", "7.90"),
            ("Strawberry sundae", "7.90"), ("Spaghetti ice", "7.50"), ("Waffle with cherries", "6.50"),
            ("Cappuccino", "3.60"), ("Espresso", "2.40"), ("Iced chocolate", "4.90"), ("Whipped cream", "1.20"),
            ("Six wafer cones", "1.50"),
        ),
    ),
)  # fmt: skip

COURIERS: Final[Sequence[tuple[str, str, int]]] = (
    ("Emre Arslan", "bicycle", 2), ("Lena Hoffmann", "cargo_bike", 4), ("Jonas Weber", "scooter", 3),
    ("Sofia Rossi", "bicycle", 2), ("Minh Nguyen", "scooter", 3), ("Katarzyna Nowak", "bicycle", 2),
    ("David Okafor", "car", 5), ("Hannah Schulz", "bicycle", 2), ("Yusuf Demir", "cargo_bike", 4),
    ("Clara Fischer", "scooter", 3), ("Pavel Novák", "bicycle", 2), ("Amira Haddad", "foot", 1),
)  # fmt: skip


def shops(count: int) -> Iterator[Shop]:
    """As many as asked for: when all are open, each opens another branch, farther out."""
    for number in range(count):
        branch, index = divmod(number, len(SHOPS))
        yield _branch(SHOPS[index], number=branch + 1, place=number) if branch else SHOPS[index]


def _branch(shop: Shop, *, number: int, place: int) -> Shop:
    """Branches fill a disc evenly, like the seeds of a sunflower (H. Vogel, 1979)."""
    away_m = min(BRANCH_DISTANCE_M * sqrt(place), FARTHEST_BRANCH_M)
    angle = radians(GOLDEN_ANGLE_DEGREES * place)
    north, east = away_m * cos(angle) / METRES_PER_DEGREE, away_m * sin(angle) / METRES_PER_DEGREE
    return replace(
        shop,
        name=f"{shop.name} {number}",
        address=f"Branch {number}, Berlin",
        position=Position(
            round(CENTRE.latitude + north, 6), round(CENTRE.longitude + east / cos(radians(CENTRE.latitude)), 6)
        ),
    )


def courier(number: int) -> tuple[str, str, int]:
    """Name, vehicle and capacity of the courier with this number, counted from one."""
    again, index = divmod(number - 1, len(COURIERS))
    name, vehicle, capacity = COURIERS[index]
    return (f"{name} {again + 1}" if again else name), vehicle, capacity
