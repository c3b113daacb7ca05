// The simulator: the WebAssembly module behind functions that take and give JavaScript's values.
// src/page/module/module.h says what each does.

const END_NONE = 0;
const COMMANDS = ['none', 'left', 'straight', 'right']; // by their numbers
const POLICY_PERSON = -1, POLICY_EXPERT = 0, POLICY_PURE_PURSUIT = 1;

// What the module asks of a system. It reads no files and prints nothing, so there is little.
function systemFunctions(names, memory) {
  const NOT_SUPPORTED = 52, BAD_FILE = 8;
  const given = {
    environ_sizes_get(count, size) {
      const view = new DataView(memory());
      view.setUint32(count, 0, true);
      view.setUint32(size, 0, true);
      return 0;
    },
    environ_get: () => 0,
    sched_yield: () => 0,
    fd_prestat_get: () => BAD_FILE,
    clock_time_get(clock, precision, time) {
      new DataView(memory()).setBigUint64(time, BigInt(Math.round(performance.now() * 1e6)), true);
      return 0;
    },
    proc_exit(code) { throw new Error('the simulator stopped with code ' + code); },
  };
  const all = {};
  for (const name of names)
    all[name] = given[name] || (() => NOT_SUPPORTED);
  return all;
}

class Simulator {
  static async load(bytes) {
    const self = new Simulator();
    const module = await WebAssembly.compile(bytes);
    const names = WebAssembly.Module.imports(module).map(each => each.name);
    const instance = await WebAssembly.instantiate(module, {
      wasi_snapshot_preview1: systemFunctions(names, () => self.exports.memory.buffer),
    });
    self.exports = instance.exports;
    self.exports._initialize();
    return self;
  }

  text(pointer) {
    const bytes = new Uint8Array(this.exports.memory.buffer, pointer);
    return new TextDecoder().decode(bytes.slice(0, bytes.indexOf(0)));
  }

  // Copies bytes into the module's memory; `after` more bytes are zero.
  put(bytes, after = 0) {
    const pointer = this.exports.alloc(bytes.length + after);
    if (pointer === 0)
      throw new Error('out of memory');
    const target = new Uint8Array(this.exports.memory.buffer, pointer, bytes.length + after);
    target.set(bytes);
    target.fill(0, bytes.length);
    return pointer;
  }

  putText(text) {
    return this.put(new TextEncoder().encode(text), 1);
  }

  // Calls `use` with texts in the module's memory, and frees them.
  withTexts(texts, use) {
    const pointers = texts.map(text => this.putText(text));
    const result = use(...pointers);
    pointers.forEach(pointer => this.exports.free(pointer));
    return result;
  }

  check(status) {
    if (status !== 0)
      throw new Error(this.text(this.exports.message()));
  }

  numbers(pointer, count) {
    if (pointer === 0)
      throw new Error(this.text(this.exports.message()));
    return new Float64Array(this.exports.memory.buffer, pointer, count);
  }

  addMap(name, tree) {
    const bytes = new TextEncoder().encode(tree);
    this.check(this.exports.addMap(this.putText(name), this.put(bytes, 1), bytes.length));
  }

  addNetwork(network) {
    const { values } = network, pointer = this.put(values);
    const policy = this.withTexts([network.architecture, network.camera], (tree, camera) =>
      this.exports.addNetwork(tree, camera, network.width, network.height, network.batchNorm,
        network.masks, pointer, values.length / 4));
    this.exports.free(pointer);
    if (policy < 0)
      throw new Error(this.text(this.exports.message()));
    return policy;
  }

  configure(settings, randomize) {
    this.check(this.withTexts([settings, randomize], this.exports.configure));
  }

  create(robot, map, policy) {
    this.check(this.withTexts([map], name => this.exports.create(robot, name, policy)));
  }

  destroy(robot) { this.exports.destroy(robot); }
  reset(robot, seed, episode) { this.check(this.exports.reset(robot, seed, episode)); }

  // The policy's action, rounded to float32, as a drive is saved; null if it cannot go on.
  act(robot) {
    const pointer = this.exports.act(robot);
    if (pointer === 0)
      return null;
    const [left, right] = this.numbers(pointer, 2);
    return [Math.fround(left), Math.fround(right)];
  }

  step(robot, action) { return this.exports.step(robot, action[0], action[1]) !== 0; }

  // command: one of COMMANDS.
  giveCommand(robot, command) { this.exports.giveCommand(robot, COMMANDS.indexOf(command)); }

  state(robot) {
    const n = this.numbers(this.exports.state(robot), 14);
    return {
      x: n[0], z: n[1], heading: n[2], speed: n[3], turnRate: n[4], laneDistance: n[5],
      laneAngle: n[6], frame: n[7], end: n[8], reward: n[9], left: n[10], right: n[11],
      command: n[12], given: n[13],
    };
  }

  // AI-DO's metrics so far.
  metrics(robot) {
    const n = this.numbers(this.exports.metrics(robot), 8);
    return { survived: n[0], noLane: n[1], lateral: n[2], heading: n[3], traveled: n[6] };
  }

  mapHash(robot) { return this.text(this.exports.mapHash(robot)); }
  endReason(robot) { return this.text(this.exports.endReason(robot)); }
  stateHash(robot) { return this.text(this.exports.stateHash(robot)); }
  observationHash(robot) { return this.text(this.exports.observationHash(robot)); }
  settings(robot) { return settingsFromLines(this.text(this.exports.settings(robot))); }

  image(pointer, width, height) {
    if (pointer === 0)
      throw new Error(this.text(this.exports.message()));
    return new ImageData(
      new Uint8ClampedArray(this.exports.memory.buffer, pointer, width * height * 4), width, height);
  }

  drawCamera(robot, width, height) {
    return this.image(this.exports.drawCamera(robot, width, height), width, height);
  }

  drawMap(robot, width, height) {
    return this.image(this.exports.drawMap(robot, width, height), width, height);
  }

  mapTransform(robot, width, height) {
    const n = this.numbers(this.exports.mapTransform(robot, width, height), 7);
    return {
      scale: n[0], left: n[1], top: n[2], width: n[3], height: n[4], tile: n[5], moving: n[6],
    };
  }

  moving(robot, count) { return this.numbers(this.exports.moving(robot), 3 * count); }
}
