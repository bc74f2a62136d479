"""Keys of ``process_automation``: what the program does by itself as a lead becomes a deal and a deal advances."""

from __future__ import annotations

from pydantic import Field

from sales_operations.settings.base import Section, Text


class LeadToOpportunity(Section):
    """Conversion of a lead."""

    enabled: bool = Field(
        default=True, description="Leads may be converted; when off, a conversion refuses and names this key."
    )
    auto_assign: bool = Field(
        default=True, description="A converted lead is given to a rep; when off, it stays unassigned."
    )
    auto_notify: bool = Field(default=True, description="The assigned rep is told about the new opportunity.")


class Step(Section):
    """A step from one stage to the next."""

    enabled: bool = Field(
        default=True, description="The program acts on this step; a move made by a person happens either way."
    )


class LeadToQualified(Step):
    """The step into ``qualified``."""

    auto_transition: bool = Field(
        default=False,
        description="The program moves a deal on by itself, once, when the criteria are met: the exit criteria of its stage, "
        "or else an amount, a contact and an activity.",
    )


class QualifiedToProposal(Step):
    """The step into ``proposal``."""

    auto_quote: bool = Field(
        default=True,
        description="Entering proposal makes a quote if `quoting.enabled` and `quoting.auto_generate` are on.",
    )


class ProposalToNegotiation(Step):
    """The step into ``negotiation``."""

    auto_contract: bool = Field(
        default=True,
        description="Entering negotiation makes a contract if `contracts.enabled` and `contracts.auto_prepare` are on.",
    )


class NegotiationToClosed(Step):
    """The step into a closed stage."""

    auto_close: bool = Field(
        default=False, description="A signed contract closes the deal as won, a declined one as lost."
    )


class StageTransitions(Section):
    """The four steps of a deal."""

    lead_to_qualified: LeadToQualified = LeadToQualified()
    qualified_to_proposal: QualifiedToProposal = QualifiedToProposal()
    proposal_to_negotiation: ProposalToNegotiation = ProposalToNegotiation()
    negotiation_to_closed: NegotiationToClosed = NegotiationToClosed()


class Quoting(Section):
    """Quotes."""

    enabled: bool = Field(default=True, description="Quotes are made by stage actions at all.")
    auto_generate: bool = Field(
        default=True, description="Quotes are made without being asked for, as a deal advances."
    )
    valid_days: int = Field(default=30, ge=1, le=3650, description="Days from its creation until a quote expires.")


class Contracts(Section):
    """Contracts."""

    enabled: bool = Field(default=True, description="Contracts are made by stage actions at all.")
    auto_prepare: bool = Field(
        default=True, description="Contracts are made without being asked for, as a deal advances."
    )
    template: Text = Field(default="standard", description="Name of the template that a contract's text is made from.")


class ProcessAutomation(Section):
    """From the lead to the closed deal."""

    lead_to_opportunity: LeadToOpportunity = LeadToOpportunity()
    stage_transitions: StageTransitions = StageTransitions()
    quoting: Quoting = Quoting()
    contracts: Contracts = Contracts()
