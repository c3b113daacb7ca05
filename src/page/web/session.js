// A session: one episode with the watched robot and its ghosts, what was driven so far, and where
// in it we are. The simulator is deterministic, so that going back is driving again.

const GHOSTS_MAX = 4, HISTORY_STEPS = 100; // of a policy, that are shown to it again
const WATCH = 'watch', DRIVE = 'drive', TAKE_OVER = 'takeover', REPLAY = 'replay';

class Session {
  constructor(simulator, devices) {
    this.simulator = simulator;
    this.devices = devices;
    this.mode = WATCH;
    this.at = 0;
    this.laps = new Laps();
    this.line = new RacingLine(simulator, GHOSTS_MAX + 1);
  }

  // setup: {map, seed, episode, lines, randomize, policy, ghosts}; policy: {number, who}.
  begin(setup, mode) {
    const s = this.simulator;
    this.setup = setup;
    this.mode = mode;
    s.configure(setup.lines, setup.randomize);
    s.create(0, setup.map.name, mode === DRIVE || mode === REPLAY ? POLICY_PERSON : setup.policy.number);
    this.ghosts = setup.ghosts.slice(0, GHOSTS_MAX).map((policy, k) => {
      s.create(k + 1, setup.map.name, policy.number);
      return { policy, robot: k + 1 };
    });
    for (let k = this.ghosts.length + 1; k <= GHOSTS_MAX; k++)
      s.destroy(k);
    this.showLine(setup.line);
    this.restart();
  }

  // Whether the expert's line is driven.
  showLine(on) {
    const { map, seed, episode } = this.setup;
    this.setup.line = on;
    if (on)
      this.line.begin(map.name, seed, episode);
    else
      this.line.end();
  }

  restart() {
    const s = this.simulator, { seed, episode, map } = this.setup;
    s.reset(0, seed, episode);
    const now = s.settings(0);
    this.timeStep = Number(now.get('drive.time_step')) * Number(now.get('frame_skip'));
    this.recording = new Recording({
      map, seed, episode, settings: changedSettings(now, s.settings(-1)), hash: s.stateHash(0),
    });
    this.failure = null;
    this.before = null; // the drive that this one was forked from
    this.at = 0;
    this.says = this.setup.lines.includes('env.commands: given');
    const state = s.state(0);
    this.poses = [state];
    this.series = { lane: [], speed: [], left: [], right: [], reward: [] };
    this.distance = [0];
    this.ended = false;
    for (const ghost of this.ghosts) {
      s.reset(ghost.robot, seed, episode);
      ghost.poses = [s.state(ghost.robot)];
      ghost.metrics = [s.metrics(ghost.robot)];
      ghost.ended = false;
    }
  }

  get length() { return this.recording.length; }
  get finished() { return this.at === this.length && (this.ended || this.mode === REPLAY); }

  // Who would drive the next step, and what they do: {action, driver}; null if nobody can.
  choose() {
    const person = this.mode === WATCH ? null : this.devices.read(this.timeStep);
    if (this.mode === DRIVE)
      return { action: person || [0, 0], driver: 'person' };
    if (person !== null) {
      // the policy goes on watching, so that it knows what happened when it gets the wheel back
      this.simulator.act(0);
      return { action: person, driver: 'person' };
    }
    const action = this.simulator.act(0);
    if (action === null) {
      this.failure = this.simulator.text(this.simulator.exports.message());
      return null;
    }
    return { action, driver: this.setup.policy.who };
  }

  // One step: of the recording where there is one, else a new one. False if there is none.
  step() {
    if (this.finished)
      return false;
    const s = this.simulator;
    this.giveAgain(0, this.at);
    if (this.at < this.length) {
      this.apply(this.recording.actions[this.at]);
      return true;
    }
    const choice = this.choose();
    if (choice === null) {
      this.ended = true;
      return false;
    }
    this.apply(choice.action);
    this.recording.add(choice.action, choice.driver, () => s.stateHash(0));
    return true;
  }

  // Tells all robots the way at the next intersection, from this step on.
  give(command) {
    if (!this.says || this.at < this.length || this.finished)
      return;
    this.recording.give(this.at, command);
    this.giveAgain(0, this.at);
  }

  // Gives a robot the command that the drive has for a step, if there is one.
  giveAgain(robot, step) {
    const command = this.recording.givenAt(step);
    if (command !== undefined)
      this.simulator.giveCommand(robot, command);
  }

  // Steps robot 0 and whatever belongs to it; ghosts only where they have not been yet.
  apply(action) {
    const s = this.simulator;
    const over = s.step(0, action), state = s.state(0);
    this.at++;
    this.poses[this.at] = state;
    const k = this.at - 1;
    this.series.lane[k] = state.laneDistance * 100;
    this.series.speed[k] = state.speed;
    this.series.left[k] = action[0];
    this.series.right[k] = action[1];
    this.series.reward[k] = over && state.reward <= -1000 ? NaN : state.reward;
    this.distance[this.at] = this.distance[k] + Math.abs(state.speed) * this.timeStep;
    if (over) {
      this.ended = true;
      this.reason = s.endReason(0);
    }
    for (const ghost of this.ghosts)
      this.stepGhost(ghost);
    this.line.grow(this.at);
  }

  stepGhost(ghost) {
    const s = this.simulator;
    while (!ghost.ended && ghost.poses.length <= this.at) {
      this.giveAgain(ghost.robot, ghost.poses.length - 1);
      const action = s.act(ghost.robot);
      ghost.ended = action === null || s.step(ghost.robot, action);
      ghost.poses.push(s.state(ghost.robot));
      ghost.metrics.push(s.metrics(ghost.robot));
    }
  }

  // Goes to a step of the recording by driving it again. A policy sees the last steps again.
  seek(target) {
    const s = this.simulator, { seed, episode } = this.setup;
    const goal = clamp(target, 0, this.length), wasAtEnd = this.ended;
    if (goal < this.at || this.at === 0) {
      s.reset(0, seed, episode);
      this.at = 0;
    }
    while (this.at < goal) {
      this.giveAgain(0, this.at);
      if (goal - this.at <= HISTORY_STEPS && this.mode !== DRIVE && this.mode !== REPLAY)
        s.act(0);
      this.apply(this.recording.actions[this.at]);
    }
    this.giveAgain(0, this.at);
    this.ended = wasAtEnd;
  }

  // Forgets what follows, so that someone drives on from here.
  fork() {
    if (this.mode === REPLAY) {
      this.changeMode(WATCH);
      return;
    }
    this.recording.truncate(this.at);
    this.ended = false;
    this.failure = null;
  }

  // Another mode from here on: the robot gets the camera and policy for it, and is driven here.
  changeMode(mode, policy = this.setup.policy) {
    const at = this.at;
    if (this.mode === REPLAY)
      this.before = { poses: this.poses.slice(0, this.length + 1), at: this.length };
    this.setup.policy = policy;
    this.mode = mode;
    this.recording.truncate(at);
    this.simulator.create(0, this.setup.map.name,
      mode === DRIVE ? POLICY_PERSON : this.setup.policy.number);
    this.at = 0;
    this.ended = false;
    this.failure = null;
    this.seek(at);
  }

  // Drives a drive of a file to its end, and compares the states. Throws at the first that differs.
  load(drive) {
    const { actions, drivers, given, checks } = drive;
    this.recording.given = given;
    this.recordedPolicy = drive.policy ? drive.policy.name : null;
    const differs = k => {
      throw new Error('Driven again, the state after step ' + k + ' is another one than in the file.');
    };
    if (checks.start !== undefined && checks.start !== this.recording.start.hash)
      differs(0);
    actions.forEach((action, k) => {
      const step = k + 1;
      this.giveAgain(0, k);
      this.apply(action);
      this.recording.add(action, drivers[k], () => this.simulator.stateHash(0));
      const wanted = step % checks.every === 0 ? checks.hashes[step / checks.every - 1] : undefined;
      if (wanted !== undefined && wanted !== this.simulator.stateHash(0))
        differs(step);
    });
    if (checks.final !== this.simulator.stateHash(0))
      differs(actions.length);
    this.seek(0);
  }

  // The drive as a file's object; it is driven to its end for the last hash.
  save(program) {
    const at = this.at, { policy } = this.setup;
    this.seek(this.length);
    const final = this.simulator.stateHash(0);
    this.seek(at);
    const used = this.recording.drivers.includes('policy') && policy.hash;
    return this.recording.toFile(program, used ? { name: policy.name, hash: policy.hash } : null, final);
  }

  score() {
    const lane = this.series.lane.slice(0, this.at).filter(Number.isFinite).map(Math.abs);
    const { count, steps } = this.recording.interventions();
    this.laps.update(this.poses, this.distance, this.at, this.timeStep);
    return {
      time: this.at * this.timeStep,
      distance: this.distance[this.at],
      deviation: lane.length > 0 ? lane.reduce((a, b) => a + b, 0) / lane.length : NaN,
      interventions: count,
      person: this.length > 0 ? steps / this.length : 0,
      laps: this.laps.times,
      lapTime: this.at * this.timeStep - (this.laps.ends.at(-1) ?? 0),
    };
  }

  // AI-DO's metrics of all robots up to now: [[name, metrics]].
  metrics() {
    const upTo = list => list[Math.min(this.at, list.length - 1)];
    const name = this.mode === DRIVE ? 'you' : this.mode === REPLAY ? 'the drive' : this.setup.policy.name;
    const rows = this.ghosts.map(ghost => [ghost.policy.name, upTo(ghost.metrics)]);
    const expertDrives = this.mode === WATCH && this.setup.policy.who === 'expert';
    if (this.line.on && !expertDrives && !this.ghosts.some(ghost => ghost.policy.who === 'expert'))
      rows.push(['expert', upTo(this.line.metrics)]);
    return [[name, this.simulator.metrics(0)], ...rows];
  }
}
