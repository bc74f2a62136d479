"""Keys of ``matching``: when a lead belongs to an account and contact that are there, and how two records become one."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from sales_operations.settings.base import Expect, Section, Several, Share, Text

Action = Literal["allow", "alert", "block"]
FieldRule = Literal["survivor", "newest", "other"]


class MatchRules(Section):
    """What happens when a conversion meets a match: `allow` it, `alert` the rep, or `block` the conversion."""

    same_account: Action = Field(
        default="allow", description="The lead's company is an account that is there: the deal goes to it."
    )
    similar_account: Action = Field(
        default="alert", description="An account is similar, but not sure to be the same: a new one is made beside it."
    )
    same_contact: Action = Field(
        default="allow", description="The lead's person is a contact that is there: the deal goes to it."
    )
    similar_contact: Action = Field(
        default="alert", description="A contact is similar, but not sure to be the same: a new one is made beside it."
    )


class Merging(Section):
    """How two records become one."""

    rule: FieldRule = Field(
        default="survivor",
        description="Whose value a field of the merged record has: the `survivor`'s, that of the record changed last "
        "(`newest`), or the `other` one's. An empty field always takes the value that there is.",
    )
    fields: Annotated[dict[str, FieldRule], Expect("survivor, newest or other for each of some fields")] | None = Field(
        default=None, description="Fields with a rule of their own, such as `phone: newest`."
    )


class Matching(Section):
    """Which records are the same."""

    same_at: Share = Field(default=0.9, description="From this score on, two records are the same.")
    similar_at: Share = Field(default=0.6, description="From this score on, two records are similar.")
    create_accounts: bool = Field(
        default=True, description="A conversion makes an account for a company that has none."
    )
    create_contacts: bool = Field(default=True, description="A conversion makes a contact for a person who is none.")
    free_mail: Annotated[Several[Text], Expect("a list of domains")] | None = Field(
        default=None, description="Further domains, beside the well-known ones, that give anybody an e-mail address."
    )
    rules: MatchRules = MatchRules()
    merge: Merging = Merging()
