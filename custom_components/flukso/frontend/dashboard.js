// The Flukso dashboard: a strategy of Home Assistant's frontend, offered under "Add dashboard".
//
// It is built of Home Assistant's own cards, from the registries: each meter is a view, and what it
// has decides which sections that gets. The frontend calls `generate` when the dashboard is opened,
// and again when a device or an entity is added, removed, enabled, disabled or renamed.

const DOMAIN = "flukso";

const TEXTS = {
  en: {
    description: "Your meters, with all of their phases, inputs and kubes. It updates itself.",
    powerNow: "Power now",
    grid: "Grid",
    house: "House",
    phases: "Phases",
    energy: "Energy",
    perDay: "Energy per day",
    waterAndGas: "Water and gas",
    inputs: "Other inputs",
    demand: "Quarter-hour demand",
    expected: "This quarter-hour is heading for",
    waveforms: "Waveforms",
    kubes: "Kubes",
    health: "Health",
    empty: "No Fluksometer has been added yet.",
    add: "Add one",
  },
  nl: {
    description: "Je meters, met al hun fasen, ingangen en kubes. Het werkt zichzelf bij.",
    powerNow: "Vermogen nu",
    grid: "Net",
    house: "Huis",
    phases: "Fasen",
    energy: "Energie",
    perDay: "Energie per dag",
    waterAndGas: "Water en gas",
    inputs: "Andere ingangen",
    demand: "Kwartiervermogen",
    expected: "Verwacht voor dit kwartier",
    waveforms: "Golfvormen",
    kubes: "Kubes",
    health: "Toestand",
    empty: "Er is nog geen Fluksometer toegevoegd.",
    add: "Voeg er een toe",
  },
  de: {
    description: "Deine Zähler mit allen Phasen, Eingängen und Kubes. Es aktualisiert sich selbst.",
    powerNow: "Leistung jetzt",
    grid: "Netz",
    house: "Haus",
    phases: "Phasen",
    energy: "Energie",
    perDay: "Energie pro Tag",
    waterAndGas: "Wasser und Gas",
    inputs: "Weitere Eingänge",
    demand: "Viertelstundenleistung",
    expected: "Erwartet für diese Viertelstunde",
    waveforms: "Wellenformen",
    kubes: "Kubes",
    health: "Zustand",
    empty: "Es wurde noch kein Fluksometer hinzugefügt.",
    add: "Eines hinzufügen",
  },
  fr: {
    description: "Vos compteurs, avec leurs phases, entrées et kubes. Il se met à jour tout seul.",
    powerNow: "Puissance actuelle",
    grid: "Réseau",
    house: "Maison",
    phases: "Phases",
    energy: "Énergie",
    perDay: "Énergie par jour",
    waterAndGas: "Eau et gaz",
    inputs: "Autres entrées",
    demand: "Puissance quart-horaire",
    expected: "Prévue pour ce quart d'heure",
    waveforms: "Formes d'onde",
    kubes: "Kubes",
    health: "État",
    empty: "Aucun Fluksometer n'a encore été ajouté.",
    add: "En ajouter un",
  },
};

const textsOf = (hass) => TEXTS[hass?.language?.split("-")[0]] ?? TEXTS.en;

// Keys of entities by the section that shows them: the translation key or, where Home Assistant
// names an entity, the device class.
const FLOWS = ["water_flow", "gas_flow", "p1_water_flow", "p1_gas_flow"];
const VOLUMES = ["water_consumption", "gas_consumption"].flatMap((key) => [key, `p1_${key}`]);
const INPUTS = [
  ...["fuel_flow", "fuel", "pellet_flow", "pellets", "operating_ratio", "operating_time"],
  ...["pulse_rate", "pulses"],
];
const FIGURES = [
  ...["crest_factor", "phase_shift", "harmonic_3", "harmonic_5", "harmonic_7"],
  ...["voltage_distortion", "current_distortion"],
];
const CLIMATE = ["temperature", "humidity", "illuminance", "pressure", "motion", "vibration"];
const OF_THE_METER = ["connectivity", "clock_offset", "history_filled_until", "history_reaches_back"];
const OF_A_KUBE = ["connectivity", "problem", "battery"];
const PER_DAY = [
  ...["supply_netted_energy_import", "supply_netted_energy_export", "supply_house_energy"],
  "supply_self_consumption",
];
const ENERGIES = ["active_energy_import", "active_energy_export", "energy", "heat_energy"];

// How the cards name an entity; both follow when it is renamed.
const ENTITY = { type: "entity" };
const DEVICE = { type: "device" };
const FULL_WIDTH = { columns: "full" };

const registered = new WeakMap();

/** The entities that have a state, in the registry of what is enabled. */
function shownEntities({ entities, states }) {
  if (!registered.has(entities)) {
    const ours = Object.values(entities).filter((each) => each.platform === DOMAIN && !each.hidden);
    registered.set(entities, ours);
  }
  const known = registered.get(entities).filter(({ entity_id }) => states[entity_id]);
  // What a meter no longer has is "restored" for good; before a meter is set up, all of it is.
  const live = known.filter(({ entity_id }) => !states[entity_id].attributes.restored);
  return live.length ? live : known;
}

/** The meters, in the order of their names: each has a device, `ports` and `kubes`. */
function metersOf(hass) {
  const parts = {};
  for (const device of Object.values(hass.devices)) {
    const [, identifier] = device.identifiers.find(([domain]) => domain === DOMAIN) ?? [];
    const name = device.name_by_user ?? device.name;
    if (identifier) parts[device.id] = { device, identifier, name, entities: {} };
  }
  for (const { entity_id, device_id, translation_key } of shownEntities(hass)) {
    const { device_class } = hass.states[entity_id].attributes;
    const part = parts[device_id];
    if (part) part.entities[translation_key ?? device_class] = entity_id;
  }
  const all = Object.values(parts).sort(byPlaceAndName);
  return all
    .filter(({ identifier }) => !identifier.includes("_"))
    .map((meter) => {
      const others = all.filter(({ identifier }) => identifier.startsWith(`${meter.identifier}_`));
      const isKube = ({ identifier }) => identifier.includes("_kube_");
      const kubes = others.filter(isKube);
      const ports = others.filter((part) => !isKube(part));
      return { ...meter, ports, kubes, ids: idsOf([meter, ...others]) };
    })
    .filter(({ ids }) => ids.size > 0);
}

function byPlaceAndName(one, other) {
  const [first, second] = [one, other].map(
    ({ identifier, name }) => `${identifier.match(/_port_.*/) ?? ""} ${name}`,
  );
  return first.localeCompare(second, undefined, { numeric: true });
}

const idsOf = (parts) => new Set(parts.flatMap(({ entities }) => Object.values(entities)));

/** The entities of a part that there are, in the order of the keys. */
const pick = ({ entities }, keys) => keys.map((key) => entities[key]).filter(Boolean);

const tile = (entity, options) => ({ type: "tile", entity, name: ENTITY, ...options });

const wideTile = (entity, options) => tile(entity, { grid_options: FULL_WIDTH, ...options });

/** A tile with a graph of the last hours. */
const trend = (entity, hours_to_show, options) =>
  wideTile(entity, { name: DEVICE, features: [{ type: "trend-graph", hours_to_show }], ...options });

/** A gauge of watts, while there is a number to point at. */
const gauge = (entity, name, min, max) => ({
  type: "gauge",
  entity,
  name,
  min,
  max,
  needle: true,
  severity: { green: min, yellow: 2500, red: 4000 },
  visibility: ["unknown", "unavailable"].map((state_not) => ({
    condition: "state",
    entity,
    state_not,
  })),
  grid_options: FULL_WIDTH,
});

const perDay = (entities, name, title) => ({
  type: "statistics-graph",
  title,
  entities: entities.map((entity) => ({ entity, name })),
  period: "day",
  days_to_show: 10,
  stat_types: ["change"],
  chart_type: "bar",
  hide_legend: entities.length === 1,
});

const subtitle = (part, entities = []) => ({
  type: "heading",
  heading: part.name,
  heading_style: "subtitle",
  badges: entities.map((entity) => ({ type: "entity", entity })),
  tap_action: { action: "navigate", navigation_path: `/config/devices/device/${part.device.id}` },
});

/** Sections by what they show; one without cards is left out. */
const SECTIONS = [
  function powerNow({ entities, ports }, texts, sources) {
    const net = entities.supply_net_active_power;
    const grid = net ?? entities.supply_active_power_import ?? entities.power;
    const cards = grid ? [gauge(grid, texts.grid, net ? -5000 : 0, 10000)] : [];
    if (entities.supply_house_power) {
      cards.push(trend(entities.supply_house_power, 3, { name: texts.house }));
    }
    const solar = sources.filter(({ type }) => type === "solar").flatMap(Object.values);
    const supply = p1SupplyOf({ entities, ports });
    for (const port of ports.filter((each) => !isClamp(each) && each !== supply)) {
      const isSolar = Object.values(port.entities).some((entity) => solar.includes(entity));
      const look = isSolar ? { icon: "mdi:solar-power", color: "amber" } : {};
      cards.push(...pick(port, ["power", "heat_power"]).map((each) => trend(each, 3, look)));
    }
    if (sources.some(({ stat_rate, power_config }) => stat_rate || power_config)) {
      cards.push({ type: "power-sources-graph" });
    }
    return ["mdi:flash", cards];
  },

  function phases({ ports }) {
    const clamps = ports.filter(isClamp);
    const cards = clamps.flatMap((clamp) => [
      subtitle(clamp, pick(clamp, ["voltage", "current", "power_factor"])),
      ...pick(clamp, ["power", "active_power_import"])
        .slice(0, 1)
        .map((each) => trend(each, 3, { name: ENTITY })),
    ]);
    const voltages = clamps.flatMap((clamp) => pick(clamp, ["voltage"]));
    if (voltages.length) {
      cards.push({
        type: "history-graph",
        hours_to_show: 24,
        entities: voltages.map((entity) => ({ entity, name: DEVICE })),
      });
    }
    return ["mdi:sine-wave", cards];
  },

  function energy(meter, texts, sources) {
    const cards = ["energy-date-selection", "energy-distribution", "energy-usage-graph"];
    if (sources.length) return ["mdi:home-lightning-bolt", cards.map((type) => ({ type }))];
    const totals = pick(meter, PER_DAY);
    const counters = meter.ports.flatMap((port) => pick(port, ENERGIES));
    const graph = totals.length
      ? perDay(totals, ENTITY, texts.perDay)
      : perDay(counters, [DEVICE, ENTITY], texts.perDay);
    return ["mdi:home-lightning-bolt", graph.entities.length ? [graph] : []];
  },

  function waterAndGas({ ports }) {
    const cards = ports.flatMap((port) => [
      ...pick(port, FLOWS).map((entity) => trend(entity, 24)),
      ...pick(port, VOLUMES).map((entity) => perDay([entity], ENTITY)),
    ]);
    return ["mdi:water", cards];
  },

  function inputs({ ports }) {
    const cards = ports.flatMap((port) =>
      pick(port, INPUTS).map((entity) => wideTile(entity, { name: [DEVICE, ENTITY] })),
    );
    return ["mdi:counter", cards];
  },

  function demand({ entities }, texts) {
    const { supply_expected_demand: expected, ...others } = entities;
    const keys = Object.keys(others).filter((key) => key.includes("demand"));
    const cards = expected ? [gauge(expected, texts.expected, 0, 8000)] : [];
    return ["mdi:speedometer", [...cards, ...keys.sort().map((key) => wideTile(others[key]))]];
  },

  function waveforms({ ports }) {
    const cards = ports.flatMap((port) => {
      const pictures = pick(port, ["waveform"]).map((entity) => ({
        type: "picture-entity",
        entity,
        show_name: false,
        show_state: false,
      }));
      const shown = [...pictures, ...pick(port, FIGURES).map((entity) => tile(entity))];
      return shown.length ? [subtitle(port), ...shown] : [];
    });
    return ["mdi:waveform", cards];
  },

  function kubes({ kubes: all }) {
    const cards = all.flatMap((kube) => {
      const shown = pick(kube, CLIMATE);
      return shown.length ? [subtitle(kube), ...shown.map((entity) => tile(entity))] : [];
    });
    return ["mdi:home-thermometer", cards];
  },

  function health(meter) {
    const cards = [
      ...pick(meter, OF_THE_METER).map((entity) => wideTile(entity)),
      ...meter.kubes.flatMap((kube) =>
        pick(kube, OF_A_KUBE).map((entity) => wideTile(entity, { name: [DEVICE, ENTITY] })),
      ),
    ];
    return ["mdi:heart-pulse", cards.length ? [{ type: "repairs", hide_empty: true }, ...cards] : []];
  },
];

const isClamp = ({ entities }) => "active_power_import" in entities || "voltage" in entities;

/** The P1 port that is the supply by itself: nothing else beside one (FLM02) measures export. */
function p1SupplyOf({ entities, ports }) {
  const p1 = ports.filter((port) => "energy_import" in port.entities);
  return entities.supply_active_power_export && p1.length === 1 ? p1[0] : undefined;
}

function viewOf(meter, texts, preferences) {
  const sources = preferences.energy_sources.filter((source) =>
    Object.values(source).some((id) => meter.ids.has(id)),
  );
  const sections = SECTIONS.map((section) => {
    const [icon, cards] = section(meter, texts, sources);
    const heading = { type: "heading", heading: texts[section.name], icon };
    return { type: "grid", cards: cards.length ? [heading, ...cards] : [] };
  });
  return {
    title: meter.name,
    type: "sections",
    max_columns: 4,
    dense_section_placement: true,
    sections: sections.filter(({ cards }) => cards.length),
  };
}

const emptyView = (texts) => ({
  type: "panel",
  cards: [
    {
      type: "empty-state",
      icon: "mdi:meter-electric",
      content_only: true,
      title: "Flukso",
      content: texts.empty,
      buttons: [
        {
          text: texts.add,
          appearance: "filled",
          variant: "brand",
          tap_action: {
            action: "navigate",
            navigation_path: "/config/integrations/dashboard/add?domain=flukso",
          },
        },
      ],
    },
  ],
});

class FluksoDashboard extends HTMLElement {
  static noEditor = true;

  static shouldRegenerate(_config, before, after) {
    return (
      ["entities", "devices"].some((registry) => before[registry] !== after[registry]) ||
      (before.states !== after.states &&
        shownEntities(before).length !== shownEntities(after).length)
    );
  }

  static getCreateSuggestions() {
    return { title: "Flukso", icon: "mdi:meter-electric" };
  }

  static async generate(_config, hass) {
    const texts = textsOf(hass);
    const meters = metersOf(hass);
    if (!meters.length) return { views: [emptyView(texts)] };
    // Without the Energy dashboard, the command is not known.
    const preferences = await hass
      .callWS({ type: "energy/get_prefs" })
      .catch(() => ({ energy_sources: [] }));
    return { views: meters.map((meter) => viewOf(meter, texts, preferences)) };
  }
}

customElements.define("ll-strategy-dashboard-flukso", FluksoDashboard);
window.customStrategies = window.customStrategies ?? [];
window.customStrategies.push({
  type: "flukso",
  strategyType: "dashboard",
  name: "Flukso",
  get description() {
    return textsOf(document.querySelector("home-assistant")?.hass).description;
  },
});
