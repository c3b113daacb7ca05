// A drive: its actions and who chose them, and the file that holds both (docs/formats.md,
// "Demonstration"). Files come from anywhere, so that everything in them is checked.

const CHECK_EVERY = 30, STEPS_MAX = 216000;
const SOURCES = ['none', 'random', 'route', 'given']; // of commands, by their numbers in files
const NOT_SAVED = new Set(['seed', 'max_steps']);

class Recording {
  constructor(start) {
    this.start = start; // map, seed, episode, settings; hash of the first state
    this.actions = []; // [left, right] of each step
    this.drivers = []; // who chose it
    this.hashes = []; // of every CHECK_EVERY-th state
    this.given = []; // commands that were given: [step, command], in the order of steps
  }

  get length() { return this.actions.length; }

  add(action, driver, stateHash) {
    this.actions.push(action);
    this.drivers.push(driver);
    if (this.length % CHECK_EVERY === 0)
      this.hashes.push(stateHash());
  }

  // A command that is given before a step, in place of the one that was given there.
  give(step, command) {
    this.given = this.given.filter(([at]) => at < step);
    this.given.push([step, command]);
  }

  givenAt(step) { return this.given.find(([at]) => at === step)?.[1]; }

  truncate(length) {
    this.given = this.given.filter(([at]) => at <= length);
    this.actions.length = this.drivers.length = length;
    this.hashes.length = Math.floor(length / CHECK_EVERY);
  }

  // How often a person took the wheel from a policy, and for how many steps.
  interventions() {
    let count = 0, steps = 0;
    this.drivers.forEach((driver, k) => {
      steps += driver === 'person';
      count += driver === 'person' && k > 0 && this.drivers[k - 1] !== 'person';
    });
    return { count, steps };
  }

  driverRuns() {
    const runs = [];
    for (const driver of this.drivers) {
      const last = runs[runs.length - 1];
      if (last && last[0] === driver)
        last[1]++;
      else
        runs.push([driver, 1]);
    }
    return runs;
  }

  // The file's object. `policy` is null or has name and hash; final: hash of the last state.
  toFile(program, policy, final) {
    const bytes = new Uint8Array(this.length * 8), view = new DataView(bytes.buffer);
    this.actions.forEach(([left, right], k) => {
      view.setFloat32(8 * k, left, true);
      view.setFloat32(8 * k + 4, right, true);
    });
    const { map, seed, episode, settings, hash } = this.start;
    return {
      format: 'imprint-demonstration', version: 1, program,
      map: { name: map.name, text: map.text ?? null, hash: map.hash },
      settings, seed, episode, steps: this.length, actions: base64FromBytes(bytes),
      drivers: this.driverRuns(), ...this.given.length > 0 ? { given: this.given } : {}, policy,
      checks: { every: CHECK_EVERY, hashes: this.hashes, final, start: hash },
      recorded: { name: '', note: '' },
    };
  }
}

// Settings that differ from the defaults, with the values' types.
function changedSettings(now, defaults) {
  const changed = {};
  for (const [name, value] of now)
    if (!NOT_SAVED.has(name) && value !== defaults.get(name))
      changed[name] = name === 'commands' ? SOURCES.indexOf(value) : typedValue(value);
  return changed;
}

function typedValue(text) {
  if (text === 'true' || text === 'false')
    return text === 'true';
  const numbers = text.split(' ').map(Number);
  return numbers.length === 1 ? numbers[0] : numbers;
}

// Settings of a file as lines for the simulator.
function settingLines(settings) {
  let lines = '';
  for (const [name, value] of Object.entries(settings)) {
    const text = name === 'commands' ? SOURCES[value] ?? ''
      : Array.isArray(value) ? value.join(' ') : String(value);
    if (!/^[a-z_.]+$/.test(name) || !/^[-+0-9a-z_. ]+$/i.test(text))
      throw new Error('The setting "' + name.slice(0, 40) + '" of the drive is not understood.');
    lines += 'env.' + name + ': ' + text + '\n';
  }
  return lines;
}

function isHash(value) { return typeof value === 'string' && /^[0-9a-f]{16}$/.test(value); }

function isWhole(value, most) { return Number.isInteger(value) && value >= 0 && value <= most; }

// Reads a file's text: {start: {mapName, mapHash, seed, episode, settings}, actions, drivers,
// given, checks}. Throws with words.
function parseDrive(text) {
  const refuse = why => { throw new Error('This is no drive that can be opened: ' + why + '.'); };
  let file;
  try {
    file = JSON.parse(text);
  } catch {
    refuse('it is not JSON');
  }
  if (file === null || typeof file !== 'object' || file.format !== 'imprint-demonstration')
    refuse('its format is another one');
  if (file.version !== 1)
    refuse('its version is not 1');
  const { map, settings, seed, episode, steps, checks } = file;
  const number = typeof seed === 'string' && /^\d+$/.test(seed) ? Number(seed) : seed;
  if (!map || typeof map.name !== 'string' || !isHash(map.hash))
    refuse('it names no map');
  if (!isWhole(number, Number.MAX_SAFE_INTEGER) || !isWhole(episode, 0xffffffff))
    refuse('its seed or episode is out of range');
  if (!isWhole(steps, STEPS_MAX) || steps < 1)
    refuse('its number of steps is out of range');
  if (settings === null || typeof settings !== 'object' || Array.isArray(settings))
    refuse('its settings are no object');
  if (!checks || !Array.isArray(checks.hashes) || !isHash(checks.final) ||
      !isWhole(checks.every, STEPS_MAX) || checks.every < 1)
    refuse('its hashes are missing');
  return {
    start: {
      mapName: map.name, mapText: typeof map.text === 'string' ? map.text : '', mapHash: map.hash,
      seed: number, episode, settings,
    },
    actions: parseActions(file.actions, steps, refuse),
    drivers: parseDrivers(file.drivers, steps, refuse),
    given: parseGiven(file.given ?? [], steps, refuse),
    policy: parsePolicy(file.policy),
    checks,
  };
}

// Whose drive it is: null or {name, hash}.
function parsePolicy(policy) {
  return policy && typeof policy.name === 'string' && isHash(policy.hash)
    ? { name: policy.name.slice(0, 64), hash: policy.hash } : null;
}

function parseActions(text, steps, refuse) {
  let bytes;
  try {
    bytes = bytesFromBase64(text);
  } catch {
    refuse('its actions are not base64');
  }
  if (bytes.length !== 8 * steps)
    refuse('it has not as many actions as steps');
  const view = new DataView(bytes.buffer), actions = [];
  for (let k = 0; k < steps; k++)
    actions.push([view.getFloat32(8 * k, true), view.getFloat32(8 * k + 4, true)]);
  if (!actions.flat().every(Number.isFinite))
    refuse('an action is no number');
  return actions;
}

function parseGiven(list, steps, refuse) {
  let before = -1;
  for (const entry of Array.isArray(list) ? list : [null]) {
    if (!Array.isArray(entry) || !isWhole(entry[0], steps) || entry[0] <= before ||
        !COMMANDS.includes(entry[1]))
      refuse('its list of commands is malformed');
    [before] = entry;
  }
  return list.map(([step, command]) => [step, command]);
}

function parseDrivers(runs, steps, refuse) {
  const drivers = [];
  for (const run of Array.isArray(runs) ? runs : []) {
    if (!Array.isArray(run) || !['expert', 'policy', 'person'].includes(run[0]) ||
        !isWhole(run[1], steps - drivers.length))
      refuse('its list of drivers is malformed');
    for (let k = 0; k < run[1]; k++)
      drivers.push(run[0]);
  }
  if (drivers.length !== steps)
    refuse('its list of drivers has another length');
  return drivers;
}
