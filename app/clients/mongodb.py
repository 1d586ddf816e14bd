"""MongoDB, with pymongo."""

from __future__ import annotations

from app.clients.errors import service_errors
from app.clients.packages import import_package

SETTING = "MONGODB_URL"


def write_and_find(url: str) -> None:
    """Write one document and find it again."""
    pymongo = import_package("pymongo", "pymongo")
    with (
        service_errors(SETTING, pymongo.errors.PyMongoError),
        pymongo.MongoClient(url, serverSelectionTimeoutMS=5000) as client,
    ):
        people = client["weblog"]["people"]
        people.replace_one({"name": "alice"}, {"name": "alice", "age": 31}, upsert=True)
        people.find_one({"name": "alice"})
