"""The step of the options flow that adds a meter to the Energy dashboard."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from homeassistant.config_entries import (
    ConfigFlowContext,
    ConfigFlowResult,
    FlowType,
    OptionsFlowWithReload,
)
from homeassistant.core import HomeAssistant, callback
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers.selector import (
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
)
import voluptuous as vol

from ..formats import plain_name
from ..models import FluksoConfigEntry
from .offer import Offer, are_apart, async_find_offer
from .readiness import async_wait_until_ready
from .sources import DashboardSource

#: The source of a flow that follows on adding a meter.
_SOURCE_ADDED = "added"


class EnergyFlow(OptionsFlowWithReload):
    """An options flow with the step."""

    async def has_energy_step(self) -> bool:
        """Return whether there is an Energy dashboard, and the meter is loaded."""
        return await async_find_offer(self.hass, self.config_entry) is not None

    @callback
    def follows_on_adding(self) -> bool:
        """Return whether the meter was added just now.

        The frontend of 2026.10 begins a flow in place of the one that waits to be continued.
        """
        flows = self.hass.config_entries.options
        waiting = flows.async_progress_by_handler(
            self.handler, match_context={"source": _SOURCE_ADDED}
        )
        for flow in waiting:
            flows.async_abort(flow["flow_id"])
        return bool(waiting) or self.source == _SOURCE_ADDED

    async def async_step_energy(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Show what can be added to the Energy dashboard, or add what was chosen of it."""
        offer = await async_find_offer(self.hass, self.config_entry)
        if offer is None:
            return self.async_abort(reason="energy_not_available")
        names = ", ".join(map(plain_name, offer.left))
        left = {"left": f"\n\n{offer.text('left', names=names)}" if names else ""}
        if not offer.sources:
            return self.async_abort(reason="energy_nothing_to_add", description_placeholders=left)
        errors = {}
        if user_input is not None:
            chosen = offer.chosen(user_input)
            if are_apart(chosen):
                return await self._async_add(offer, chosen)
            errors = {"base": "measured_twice"}
        ticked = offer.suggested() if user_input is None else user_input
        return self.async_show_form(
            step_id="energy",
            data_schema=_schema(offer, ticked),
            errors=errors,
            description_placeholders=left,
        )

    async def _async_add(
        self, offer: Offer, chosen: Collection[DashboardSource]
    ) -> ConfigFlowResult:
        """Add sources to the Energy dashboard, and say which."""
        if not chosen:
            return self.async_abort(reason="energy_not_added")
        added = "\n".join(f"- {plain_name(name)}" for name in await offer.async_add(chosen))
        return self.async_abort(reason="energy_added", description_placeholders={"added": added})


async def async_continue_with_energy(
    hass: HomeAssistant, result: ConfigFlowResult
) -> ConfigFlowResult:
    """Set the step as the next flow after adding a meter, if there is something to add."""
    entry: FluksoConfigEntry = result["result"]
    if await async_find_offer(hass, entry) is None:
        return result
    await async_wait_until_ready(entry)
    context = ConfigFlowContext(source=_SOURCE_ADDED)
    form = await hass.config_entries.options.async_init(entry.entry_id, context=context)
    if form["type"] is FlowResultType.FORM:
        result["next_flow"] = (FlowType.OPTIONS_FLOW, form["flow_id"])
    return result


def _schema(offer: Offer, ticked: Mapping[str, Sequence[str]]) -> vol.Schema:
    """Return a schema with a list for each use, some of it ticked."""
    fields: dict[vol.Marker, object] = {}
    for use, sources in offer.sources.items():
        options = [
            SelectOptionDict(value=source.key, label=offer.label_of(source)) for source in sources
        ]
        field = vol.Optional(use.value, description={"suggested_value": ticked.get(use, [])})
        fields[field] = SelectSelector(
            SelectSelectorConfig(options=options, multiple=True, mode=SelectSelectorMode.LIST)
        )
    return vol.Schema(fields)
