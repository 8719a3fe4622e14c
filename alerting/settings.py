"""The core's effective settings: zone, rule parameters, policies.

They come from `config.toml`, are journaled at each start and reload, and are all a replay needs
beside the events. `RuleTables` and `Policies` are made from the rules found, so that a new rule
is one file.
"""

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, ValidationInfo, create_model, field_validator

from alerting.policy import Policy, mistakes
from alerting.rules import Params, discover

RULES = discover()
"""Every rule of the installation, by name."""


class _Closed(BaseModel):
    """Refuses keys nobody defined."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class _CheckedPolicies(_Closed):
    """Refuses a policy that can end in silence."""

    @field_validator("*")
    @classmethod
    def _never_silent(cls, policy: Policy, info: ValidationInfo) -> Policy:
        found = mistakes(policy)
        if policy.priority is not RULES[str(info.field_name)].policy.priority:
            found.append("has another priority than its kind")
        if found:
            raise ValueError("; ".join(found))
        return policy


def _tables() -> type[_Closed]:
    """Make the model of `[rules]`, a table a rule."""
    fields: dict[str, tuple[type[Params], Params]] = {
        name: (rule.params, rule.params()) for name, rule in RULES.items()
    }
    return create_model("RuleTables", __base__=_Closed, **fields)  # type: ignore[call-overload, no-any-return]


def _policies() -> type[_CheckedPolicies]:
    """Make the model of `[policies]`, a table a rule."""
    fields: dict[str, tuple[type[Policy], Policy]] = {
        name: (Policy, rule.policy) for name, rule in RULES.items()
    }
    return create_model("Policies", __base__=_CheckedPolicies, **fields)  # type: ignore[call-overload, no-any-return]


RuleTables = _tables()
Policies = _policies()


class Settings(_Closed):
    """What the core is set to."""

    timezone: str = "Asia/Shanghai"
    has_webhook: bool = False
    assists: bool = False
    rules: RuleTables = RuleTables()  # type: ignore[valid-type]
    policies: Policies = Policies()  # type: ignore[valid-type]

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError):
            raise ValueError("is not a time zone; write one like Asia/Shanghai") from None
        return name

    def params(self, rule: str) -> Params:
        """Give a rule's parameters."""
        params = getattr(self.rules, rule)
        assert isinstance(params, Params)
        return params

    def policy(self, kind: str) -> Policy:
        """Give the policy of a kind of alarm."""
        policy = getattr(self.policies, kind)
        assert isinstance(policy, Policy)
        return policy
