// What is seen of a session: the camera, the map, the plots, the score and the legend.

const END_WORDS = {
  'invalid pose': 'the robot is off the road', collision: 'the robot hit something',
  'max steps': 'its time is up',
  'arrived': 'it has arrived',
};
const COMMAND_WORDS = ['', '\u2190 left', '\u2191 straight', '\u2192 right'];
const METRICS = [['traveled', 2], ['noLane', 1], ['lateral', 2], ['heading', 2]]; // with digits
const GHOST_COLOURS = ['third', 'other', 'expert', 'policy'];

class Screen {
  constructor(simulator, onTile) {
    this.simulator = simulator;
    this.camera = $('camera').getContext('2d');
    this.map = new MapView($('map'), onTile);
    const parent = $('plots');
    this.plots = [
      [['lane'], new Plot(parent, {
        title: 'Lane position', unit: 'cm', digits: 0, range: [-12, 12],
        words: 'distance to the right of the lane\u2019s centre', lines: [{ colour: 'policy' }],
      })],
      [['speed'], new Plot(parent, {
        title: 'Speed', unit: 'm/s', digits: 2, range: [0, 0.6],
        words: 'of the midpoint between the wheels', lines: [{ colour: 'policy' }],
      })],
      [['left', 'right'], new Plot(parent, {
        title: 'Duty cycles', unit: '', digits: 2, range: [-1, 1],
        words: 'what the wheels are told, \u22121 to 1',
        lines: [{ name: 'left', colour: 'policy' }, { name: 'right', colour: 'person' }],
      })],
      [['reward'], new Plot(parent, {
        title: 'Reward', unit: '', digits: 1, range: [-1, 1.2],
        words: '1.2 is best: in the centre, along the lane', lines: [{ colour: 'policy' }],
      })],
    ];
    this.size = [320, 240];
  }

  // Takes over what belongs to an episode.
  begin(session) {
    this.map.load(this.simulator);
    this.showLegend(session);
    this.draw(session, true);
    setTimeout(() => {
      if (this.map.ground)
        return;
      this.map.drawGround(this.simulator);
      this.drawMap(session);
    });
  }

  // The colour of whoever drives robot 0 on the map, and that of a ghost.
  mainColour(session) {
    return session.mode === DRIVE ? 'person' : this.policyColour(session);
  }

  // That of the steps that no person drove.
  policyColour(session) {
    const expert = session.mode === REPLAY ? session.recording.drivers.includes('expert')
      : session.setup.policy.who === 'expert';
    return expert ? 'expert' : 'policy';
  }

  ghostColour(session, k) {
    const taken = this.mainColour(session);
    return GHOST_COLOURS.filter(name => name !== taken)[k];
  }

  showLegend(session) {
    const item = (name, words, isLine) => {
      const dot = make('i', { className: isLine ? 'line' : '' });
      dot.style[isLine ? 'borderColor' : 'backgroundColor'] = MAP_COLOURS[name];
      return make('li', {}, dot, words);
    };
    const items = session.ghosts.map((ghost, k) =>
      item(this.ghostColour(session, k), ghost.policy.name + ' (ghost)'));
    if (session.line.on)
      items.push(item('expert', 'the expert\u2019s line', true));
    if (session.before)
      items.push(item('before', 'as it was recorded'));
    $('legend').replaceChildren(...this.driversInLegend(session, item), ...items);
  }

  // Who is seen on the path of robot 0.
  driversInLegend(session, item) {
    const { policy } = session.setup, { drivers } = session.recording;
    if (session.mode === DRIVE)
      return [item('person', 'you')];
    if (session.mode === WATCH)
      return [item(this.mainColour(session), policy.name)];
    if (session.mode === TAKE_OVER)
      return [item('person', 'you'), item(this.mainColour(session), policy.name)];
    const has = who => drivers.includes(who);
    return [
      ...has('person') ? [item('person', 'a person, in the drive')] : [],
      ...has('policy') || has('expert')
        ? [item(this.mainColour(session), (session.recordedPolicy || 'a policy') + ', in the drive')] : [],
    ];
  }

  // Everything; `all`: also what changes slowly.
  draw(session, all) {
    const [width, height] = this.size, canvas = this.camera.canvas;
    if (canvas.width !== width || canvas.height !== height) {
      canvas.width = width;
      canvas.height = height;
    }
    canvas.classList.toggle('coarse', width < 200);
    this.camera.putImageData(this.simulator.drawCamera(0, width, height), 0, 0);
    this.frames = (this.frames || 0) + 1;
    if (all || this.frames % 2 === 0)
      this.drawMap(session);
    if (all || this.frames % 2 === 1)
      this.drawPlots(session);
    this.showState(session);
  }

  drawMap(session) {
    const count = this.map.transform.moving;
    const robots = session.ghosts.map((ghost, k) => ({
      poses: ghost.poses, at: Math.min(session.at, ghost.poses.length - 1), ghost: true,
      colour: MAP_COLOURS[this.ghostColour(session, k)],
    }));
    if (session.before)
      robots.unshift({ ...session.before, ghost: true, colour: MAP_COLOURS.before });
    robots.push({
      poses: session.poses, at: session.at, end: session.length,
      path: MAP_COLOURS[this.policyColour(session)], colour: MAP_COLOURS[this.mainColour(session)],
    });
    this.map.draw(robots, session.recording.drivers,
      count > 0 ? this.simulator.moving(0, count).slice() : [], session.line.poses);
  }

  drawPlots(session) {
    for (const [names, plot] of this.plots)
      plot.draw(names.map(name => session.series[name]), session.at, session.recording.drivers,
        session.timeStep);
  }

  showState(session) {
    const score = session.score();
    const entries = [
      ['Time on the road', fixed(score.time, 1) + ' s'],
      ['Distance', fixed(score.distance, 2) + ' m'],
      ['Mean deviation', fixed(score.deviation, 1) + ' cm'],
    ];
    if (score.laps.length > 0)
      entries.push(['Laps', String(score.laps.length)], ['Last lap', fixed(score.laps.at(-1), 2) + ' s'],
        ['Best lap', fixed(Math.min(...score.laps), 2) + ' s']);
    if (session.mode === DRIVE || score.laps.length > 0)
      entries.push(['This lap', fixed(score.lapTime, 1) + ' s']);
    if (session.mode === TAKE_OVER || score.interventions > 0)
      entries.push(['Take-overs', String(score.interventions)],
        ['Driven by you', fixed(100 * score.person, 0) + ' %']);
    $('score').replaceChildren(...entries.map(([name, value]) =>
      make('div', {}, make('dt', { textContent: name }), make('dd', { textContent: value }))));
    this.showMetrics(session);
    const timeline = $('timeline');
    timeline.max = session.length;
    timeline.value = session.at;
    $('time').textContent = fixed(score.time, 1) + ' s';
    $('worst').disabled = session.length === 0;
    this.showDriver(session);
    this.showCommand(session);
    this.showEnd(session);
  }

  // The command in force, and the one that was given for the next intersection.
  showCommand(session) {
    const { command, given } = this.simulator.state(0), badge = $('command');
    badge.hidden = command === 0;
    badge.textContent = COMMAND_WORDS[command];
    $('turns').hidden = !session.says;
    for (const button of document.querySelectorAll('[data-turn]'))
      button.setAttribute('aria-pressed', String(button.dataset.turn === COMMANDS[given]));
  }

  // A row for each robot; numbers are replaced in place while the rows stay the same.
  showMetrics(session) {
    const rows = session.metrics(), body = $('metrics');
    if (body.rows.length !== rows.length)
      body.replaceChildren(...rows.map(() => make('tr', {}, make('th', { scope: 'row' }),
        ...METRICS.map(() => make('td')))));
    rows.forEach(([name, metrics], k) => {
      const { cells } = body.rows[k];
      cells[0].textContent = name;
      METRICS.forEach(([key, digits], n) => { cells[n + 1].textContent = fixed(metrics[key], digits); });
    });
  }

  showDriver(session) {
    const { drivers } = session.recording;
    const driver = session.at > 0 || session.mode === REPLAY ? drivers[Math.max(0, session.at - 1)]
      : session.mode === DRIVE ? 'person' : session.setup.policy.who;
    const badge = $('driver');
    const policy = session.mode === REPLAY ? session.recordedPolicy || 'a policy'
      : session.setup.policy.name;
    const words = driver !== 'person' ? policy + ' drives'
      : session.mode === REPLAY ? 'a person drives' : 'you drive';
    if (badge.textContent !== words)
      badge.textContent = words;
    badge.dataset.who = driver;
  }

  showEnd(session) {
    const over = $('over');
    over.hidden = !(session.finished || session.failure);
    if (over.hidden)
      return;
    const words = session.failure ? 'The policy cannot go on: ' + session.failure + '.'
      : session.ended ? 'The episode is over: ' + (END_WORDS[session.reason] || session.reason) + '.' : 'The drive is over.';
    const help = ' R drives from the same start again, N from another one.';
    if (over.textContent !== words + help)
      over.textContent = words + help;
  }
}
