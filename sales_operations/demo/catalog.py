"""What the demonstration company is made of: its name, people, products and markets, and the words of names."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

COMPANY = "Larkspur Instruments (demonstration)"
"""The invented company. No business of that name is meant."""
LABEL = " (demo)"
"""Stands behind the name of every invented customer, so that a stray row can be told from a real one."""
STAFF_DOMAIN = "larkspur.example"
CURRENCY = "USD"
CURRENCIES = [CURRENCY, "EUR", "GBP"]
PIPELINE = "default"


def _list(text: str) -> list[str]:
    return [" ".join(part.split()) for part in text.split(",")]


@dataclass(frozen=True)
class Product:
    """Price in whole dollars, demand by segment, and how the product shifts the odds of going on (log-odds a stage)."""

    name: str
    family: str
    price: int
    demand: tuple[float, float, float]
    odds: float


PRODUCTS = (
    Product("Petal Flow Sensor", "Sensors", 420, (0.24, 0.12, 0.05), 0.20),
    Product("Tendril Pressure Sensor", "Sensors", 310, (0.18, 0.09, 0.05), 0.05),
    Product("Thistle Gas Analyzer", "Analyzers", 3_900, (0.12, 0.20, 0.19), 0.00),
    Product("Foxglove Spectrometer", "Analyzers", 4_800, (0.04, 0.12, 0.20), -0.40),
    Product("Canopy Monitoring", "Software", 1_200, (0.20, 0.19, 0.12), 0.25),
    Product("Canopy Fleet", "Software", 2_900, (0.03, 0.14, 0.26), -0.10),
    Product("Calibration Plan", "Services", 650, (0.13, 0.08, 0.06), 0.35),
    Product("Site Commissioning", "Services", 1_500, (0.06, 0.06, 0.07), 0.00),
)
PRODUCT_NAMES = [product.name for product in PRODUCTS]

REGIONS = _list("East, West, Europe, Pacific")
REGION_SHARES = (0.31, 0.27, 0.26, 0.16)
HEAD, OPERATIONS = "Ingrid Solberg", "Rosa Villanueva"
MANAGERS = _list("Marcus Oyelaran, Priya Raghunathan, Elodie Marchetti, Kenji Tamura")
_REPS = (
    "Dana Whitcombe, Tariq Mansour, Lucía Barragán, Owen Fairweather, Ngozi Adeyemi, Hannah Lindqvist, Samuel Ortega",
    "Mei-Ling Zhou, Caleb Thornbury, Ananya Deshpande, Rafael Quintero, Sofia Karlsen, Jamal Prescott",
    "Clara Hoffstedt, Piotr Zielinski, Aisha Benhaddou, Tomás Figueira, Fiona Gallacher, Emre Aksoy, Giulia Santoro",
    "Hiroshi Nakagawa, Leilani Kahale, Arjun Nambiar, Grace Wetherall",
)
REPS = [(name, region) for region, names in enumerate(_REPS) for name in _list(names)]
"""Name and region (an index) of each rep."""
# When somebody joined or left, as a share of the recorded years; everybody else was there before, and stays.
JOINED = {
    "Sofia Karlsen": 0.22,
    "Hannah Lindqvist": 0.38,
    "Grace Wetherall": 0.47,
    "Samuel Ortega": 0.56,
    "Emre Aksoy": 0.70,
    "Giulia Santoro": 0.85,
}
LEFT = {"Owen Fairweather": 0.52, "Tomás Figueira": 0.81}
ON_LEAVE = {"Rafael Quintero"}

INDUSTRIES = _list(
    "Manufacturing, Food & Beverage, Chemicals, Water & Utilities, Pharmaceuticals, Energy, Agriculture,"
    "Research & Education, Logistics, Semiconductors"
)
INDUSTRY_SHARES = (0.21, 0.14, 0.11, 0.11, 0.09, 0.09, 0.08, 0.07, 0.06, 0.04)
INDUSTRY_TYPOS = {
    "Manufacturing": "Manufactoring",
    "Food & Beverage": "Food and Beverage",
    "Chemicals": "chemicals ",
    "Pharmaceuticals": "Pharmaceutcals",
    "Semiconductors": "Semi-conductors",
}
COUNTRY_VARIANTS = {"United States": "USA", "United Kingdom": "UK", "Germany": "Deutschland"}
SEGMENTS = _list("SMB, Mid-Market, Enterprise")
SEGMENT_SHARES = (0.54, 0.33, 0.13)
# Country, region, share within the region, cities, local currency.
COUNTRIES = (
    ("United States", 0, 0.86, _list("Boston, Atlanta, Pittsburgh, Charlotte"), "USD"),
    ("Canada", 0, 0.14, _list("Toronto, Montreal"), "USD"),
    ("United States", 1, 0.88, _list("Denver, Portland, Phoenix, San Diego"), "USD"),
    ("Canada", 1, 0.12, _list("Vancouver, Calgary"), "USD"),
    ("Germany", 2, 0.30, _list("Hamburg, Stuttgart, Leipzig"), "EUR"),
    ("United Kingdom", 2, 0.28, _list("Leeds, Bristol, Glasgow"), "GBP"),
    ("France", 2, 0.18, _list("Lyon, Nantes"), "EUR"),
    ("Netherlands", 2, 0.13, _list("Utrecht, Eindhoven"), "EUR"),
    ("Spain", 2, 0.11, _list("Valencia, Bilbao"), "EUR"),
    ("Australia", 3, 0.42, _list("Brisbane, Perth"), "USD"),
    ("Japan", 3, 0.28, _list("Osaka, Nagoya"), "USD"),
    ("Singapore", 3, 0.18, _list("Singapore"), "USD"),
    ("New Zealand", 3, 0.12, _list("Auckland, Wellington"), "USD"),
)

SOURCES = _list("website, paid_search, event, referral, partner, outbound, existing_customer")
LOSS_REASONS = _list("price, competitor, no_decision, timing, not_given")
TYPES = _list("new_business, expansion, renewal")
JOB_TITLES = _list(
    "Plant Manager, Head of Operations, Quality Director, Process Engineer, Procurement Lead, Laboratory Manager"
)
FIRST_NAMES = _list(
    "Aaliyah, Adrian, Agnes, Akira, Alejandra, Amara, Amir, Anita, Arash, Astrid, Beatriz, Benedict, Bilal, Bronwyn,"
    "Camille, Carlos, Chiara, Chidi, Daniela, Darius, Deepa, Dimitri, Edith, Eleni, Elif, Emeka, Esther, Farid, Felix,"
    "Freya, Gideon, Hana, Harpreet, Helena, Hugo, Ibrahim, Imani, Irina, Isla, Jasper, Jia, Joana, José, Kamala, Karim,"
    "Katarina, Kofi, Lars, Leila, Linh, Magnus, Malik, Mariana, Matteo, Mira, Nadia, Naomi, Nikhil, Noor, Olga, Oscar,"
    "Paloma, Pavel, Quinn, Rahel, Renée, Rohan, Ruth, Salma, Santiago, Selin, Simone, Stefan, Sunita, Tamsin, Thabo,"
    "Tobias, Uma, Valeria, Viktor, Wanjiru, Willa, Xiulan, Yara, Yusuf, Zainab, Zoë"
)
LAST_NAMES = _list(
    "Abara, Aldana, Amsel, Anders, Aoki, Arslan, Ashworth, Balogun, Bancroft, Barros, Bekele, Bhatt, Birk, Blomqvist,"
    "Boateng, Bosman, Calloway, Caruso, Castellanos, Chaudhry, Corrigan, Dahl, Delacroix, Demir, Dlamini, Dufresne,"
    "Eklund, Espinoza, Fadel, Farrow, Ferrante, Gantz, Garrick, Ghosh, Greaves, Haddad, Halloran, Hartono, Hayashi,"
    "Holm, Ibarra, Iyer, Jankowski, Jansen, Kaplan, Kariuki, Khoury, Kimura, Kovac, Kruger, Lemaire, Lindgren, Lowell,"
    "Maalouf, Macias, Mbeki, Mendes, Merrick, Moreau, Nair, Navarro, Ncube, Nowak, Okafor, Okoye, Olsen, Osei, Palmer,"
    "Paredes, Petrov, Pham, Pires, Qureshi, Rasmussen, Reyes, Ribeiro, Saito, Sandoval, Sarkar, Schreiber, Shapiro,"
    "Sorensen, Tanaka, Teixeira, Thorne, Tran, Varga, Vasquez, Vidal, Weiss, Xu, Yamada, Yilmaz, Zamora, Zeller"
)
# Companies are called by one word of each row: Fernhollow Dairy.
COMPANY_WORDS = (
    _list(
        "Alder, Amber, Ash, Barley, Birch, Bracken, Bright, Brindle, Cedar, Clover, Cobble, Copper, Crag, Dusk, Elder,"
        "Ember, Fallow, Fern, Flint, Frost, Glen, Gorse, Harrow, Hazel, Heath, Iron, Juniper, Kestrel, Lichen, Maple,"
        "Marl, Mist, Moss, Otter, Pebble, Quill, Rowan, Russet"
    ),
    _list(
        "bank, barrow, beck, bridge, brook, burn, combe, croft, dale, dene, fell, field, garth, gate, grove, haven,"
        "hill, hollow, holt, hurst, lea, mead, mere, moor, mount, pool, ridge, shaw, spring, stead, stone, thorpe,"
        "vale, wade, water, well, wick, wold, worth"
    ),
    _list(
        "Aggregates, Agronomics, Alloys, Analytics, Biologics, Brewing, Castings, Ceramics, Chemicals, Coatings, Dairy,"
        "Components, Energy, Fabrication, Foods, Glassworks, Laboratories, Logistics, Materials, Mills, Optics,"
        "Packaging, Paper, Pumps, Research, Textiles, Utilities"
    ),
)


def plain(text: str) -> str:
    """Lower-case ASCII letters and digits of a text, joined by hyphens, as addresses are written."""
    folded = unicodedata.normalize("NFKD", text.lower()).encode("ascii", "ignore").decode()
    return "-".join("".join(letter if letter.isalnum() else " " for letter in folded).split())
