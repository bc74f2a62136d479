"""Keys of ``sales_enablement``: what helps reps to sell."""

from __future__ import annotations

from typing import Literal, get_args

from pydantic import Field

from sales_operations.settings.base import Section, Several

Module = Literal["product_training", "sales_training", "tools_training"]
ContentType = Literal["playbooks", "templates", "scripts", "case_studies"]
Tool = Literal["crm", "forecasting", "analytics", "automation"]
PlaybookStage = Literal["lead", "qualified", "proposal", "negotiation", "closed"]


class Training(Section):
    """Training."""

    enabled: bool = Field(default=True, description="Training is planned and followed.")
    modules: Several[Module] = Field(default=get_args(Module), description="The modules that a rep goes through.")
    frequency: Literal["weekly", "monthly", "quarterly", "yearly"] = Field(
        default="quarterly", description="How often a module comes round again."
    )


class Content(Section):
    """The library."""

    enabled: bool = Field(default=True, description="The content library is offered.")
    types: Several[ContentType] = Field(
        default=get_args(ContentType), description="The kinds of content that it holds."
    )


class Tools(Section):
    """Tools."""

    enabled: bool = Field(default=True, description="The tools of the team are listed and checked.")
    tools: Several[Tool] = Field(default=get_args(Tool), description="The kinds of tool that reps are given.")


class Playbooks(Section):
    """Playbooks."""

    enabled: bool = Field(default=True, description="A deal shows the playbook of its stage.")
    stages: Several[PlaybookStage] = Field(
        default=get_args(PlaybookStage), description="The stages that have a playbook."
    )


class SalesEnablement(Section):
    """What helps reps to sell."""

    training: Training = Training()
    content: Content = Content()
    tools: Tools = Tools()
    playbooks: Playbooks = Playbooks()
