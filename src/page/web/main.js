// Starts the page: reads its data, loads the simulator, and connects buttons, keys and files.

const RANDOMIZATIONS = [
  ['none', 'none'], ['looks', 'appearance and camera'], ['dynamics', 'robot'],
  ['looks,dynamics', 'everything'], ['room', 'a room around it'], ['indoors', 'everything, indoors'], ['reference', 'as gym-duckietown'],
];
const STEPS_PER_FRAME_MAX = 8, LINK_LETTERS_MAX = 60000;

class Page {
  constructor(data, simulator) {
    this.data = data;
    this.simulator = simulator;
    this.maps = new Map(data.maps.map(map => [map.name, map]));
    this.jsonMaps = new Map();
    data.maps.forEach(map => simulator.addMap(map.name, map.tree));
    this.policies = data.policies.map(policy => ({
      name: policy.name, hash: policy.hash, who: 'policy', number: simulator.addNetwork(policy),
      width: policy.width, height: policy.height,
      takesCommands: /"command":"true"/.test(policy.architecture),
    }));
    this.policies.push(
      { name: 'expert', who: 'expert', number: POLICY_EXPERT },
      { name: 'pure pursuit', who: 'policy', number: POLICY_PURE_PURSUIT });
    this.devices = new Devices($('camera').parentElement, $('pad'));
    this.session = new Session(simulator, this.devices);
    this.screen = new Screen(simulator, (i, j) => this.startAt(i, j));
    this.episodes = new EpisodeList(data.episodes, episode => this.openEpisode(episode));
    this.playing = false;
    this.mode = WATCH;
    this.extra = ''; // settings of the episode beside the page's
    this.devices.enabled = () => this.playing && this.mode !== WATCH;
  }

  // ---- settings ----------------------------------------------------------------------------------

  fillFields() {
    $('title').textContent = document.title = this.data.title;
    $('program').textContent = 'Written by ' + this.data.program + '. Nothing leaves this page.';
    $('map-name').append(...[...this.maps.keys()].map(name => new Option(name, name)));
    $('policy').append(...this.policies.map((policy, k) => new Option(policy.name, k)));
    const settings = settingsFromLines(this.data.settings);
    $('seed').value = settings.get('env.seed');
    this.showDrive(name => settings.get('env.' + name));
    // a policy that is told where to turn waits for somebody who does
    const commands = settings.get('env.commands') ?? 'none';
    $('commands').value = commands === 'none' && this.policies[0].takesCommands ? 'given' : commands;
    $('traffic').append(...TRAFFIC.map(([value, text]) => new Option(text, value)));
    const words = RANDOMIZATIONS.some(([value]) => value === this.data.randomize)
      ? RANDOMIZATIONS : [...RANDOMIZATIONS, [this.data.randomize, this.data.randomize]];
    $('randomize').append(...words.map(([value, text]) => new Option(text, value)));
    $('randomize').value = this.data.randomize;
    $('ghosts').append(...this.policies.slice(0, 12).map((policy, k) => {
      const box = make('input', { type: 'checkbox', value: k });
      box.addEventListener('change', () => this.begin());
      return make('label', {}, box, policy.name);
    }));
  }

  chosenGhosts() {
    return [...$('ghosts').querySelectorAll('input:checked')].map(box => this.policies[box.value]);
  }

  // Fills the fields of the robot; get: a setting by its name, or undefined.
  showDrive(get) {
    $('delay').value = get('drive.delay') ?? 0.15;
    $('trim').value = get('drive.trim') ?? 0;
  }

  // Lines of the fields of the robot.
  driveLines() {
    const number = id => Number($(id).value) || 0;
    return `env.drive.delay: ${number('delay')}\nenv.drive.trim: ${number('trim')}\n`;
  }

  // The chosen map with the chosen traffic.
  chosenMap() {
    const map = this.maps.get($('map-name').value), kind = $('traffic').value;
    const tree = kind === 'as-is' ? null : treeWithTraffic(map.tree, kind);
    if (tree === null)
      return map;
    return this.jsonMap(`${map.name.slice(0, 40)}+${kind}`, tree);
  }

  // A map whose text is JSON, as those with added traffic; undefined if it is not.
  jsonMap(name, text) {
    if (!this.jsonMaps.has(name) && text && text.startsWith('{')) {
      this.simulator.addMap(name, text);
      this.simulator.create(0, name, POLICY_PERSON);
      this.jsonMaps.set(name, { name, tree: text, text, hash: this.simulator.mapHash(0) });
    }
    return this.jsonMaps.get(name);
  }

  // Begins the episode that the fields describe.
  begin() {
    const policy = this.policies[$('policy').value];
    this.guard(() => {
      const seed = clamp(Math.floor(Number($('seed').value)) || 0, 0, Number.MAX_SAFE_INTEGER);
      const episode = clamp(Math.floor(Number($('episode').value)) || 0, 0, 0xffffffff);
      const lines = this.data.settings + this.driveLines() +
        `env.commands: ${$('commands').value}\n` + this.extra;
      this.simulator.configure(lines, $('randomize').value);
      this.session.begin({
        map: this.chosenMap(), seed, episode, lines, randomize: $('randomize').value, policy,
        ghosts: this.chosenGhosts(), line: $('line').checked,
      }, this.mode);
      this.chooseSize();
      this.episodes.mark(null);
      this.screen.begin(this.session);
    });
  }

  chooseSize() {
    const value = $('camera-size').value, { policy } = this.session.setup;
    this.screen.size = value === 'policy' ? [policy.width || 80, policy.height || 60]
      : value.split('x').map(Number);
  }

  // A start on a tile that was clicked.
  startAt(i, j) {
    const before = this.extra;
    this.extra = `env.has_start_tile: true\nenv.start_tile: ${i} ${j}\n`;
    this.begin();
    if (!$('problem').hidden) {
      this.extra = before;
      this.say('One cannot start there: choose a tile with road.');
      this.begin();
    }
  }

  // ---- playback ----------------------------------------------------------------------------------

  setPlaying(playing) {
    this.playing = playing && !this.session.finished;
    $('play').textContent = this.playing ? 'Pause' : 'Play';
    this.debt = 0;
    if (this.playing)
      $('camera').focus({ preventScroll: true });
  }

  // Called for every frame of the screen: takes the steps that are due, then draws.
  frame(now) {
    const seconds = Math.min(0.25, (now - (this.before ?? now)) / 1000);
    this.before = now;
    if (this.playing) {
      this.debt += seconds * Number($('speed').value);
      let steps = 0;
      while (this.debt >= this.session.timeStep && this.playing && steps < STEPS_PER_FRAME_MAX) {
        this.debt -= this.session.timeStep;
        steps++;
        if (!this.guard(() => this.session.step()) || this.session.finished)
          this.setPlaying(false);
      }
      if (steps === STEPS_PER_FRAME_MAX)
        this.debt = 0;
      if (steps > 0)
        this.guard(() => this.screen.draw(this.session, !this.playing));
    }
    requestAnimationFrame(time => this.frame(time));
  }

  stepOnce() {
    this.setPlaying(false);
    this.guard(() => {
      this.session.step();
      this.screen.draw(this.session, true);
    });
  }

  restart() {
    this.guard(() => {
      if (this.session.mode === REPLAY)
        this.session.seek(0);
      else
        this.session.restart();
      this.screen.draw(this.session, true);
    });
  }

  newStart() {
    $('episode').value = Number($('episode').value) + 1;
    this.extra = '';
    this.begin();
  }

  seek(step) {
    this.setPlaying(false);
    this.guard(() => {
      this.session.seek(step);
      this.screen.draw(this.session, true);
    });
  }

  // Drives on from here: who is 'policy', 'expert' or 'person'. Nobody: whoever drives now.
  fork(who) {
    this.guard(() => {
      const { session } = this;
      if (who === 'expert')
        this.choosePolicy(this.policies.findIndex(policy => policy.who === 'expert'));
      if (who === undefined)
        session.fork();
      else
        session.changeMode(who === 'person' ? DRIVE : WATCH, this.policies[$('policy').value]);
      this.mode = session.mode;
      this.showMode();
      this.screen.showLegend(session);
      this.screen.draw(session, true);
    });
    this.setPlaying(true);
  }

  // Tells the robot where to turn; the same command again takes it back.
  giveCommand(command) {
    this.guard(() => {
      const again = COMMANDS[this.simulator.state(0).given] === command;
      this.session.give(again ? 'none' : command);
      this.screen.showCommand(this.session);
    });
  }

  choosePolicy(index) {
    if (index >= 0)
      $('policy').value = index;
  }

  showLine() {
    this.session.showLine($('line').checked);
    this.screen.showLegend(this.session);
    this.screen.draw(this.session, true);
  }

  setMode(mode) {
    this.mode = mode;
    if (mode === DRIVE && !this.drove) {
      // whoever drives sees where the expert would drive
      this.drove = $('line').checked = true;
      this.guard(() => this.session.showLine(true));
    }
    this.guard(() => {
      this.session.changeMode(mode);
      this.screen.showLegend(this.session);
      this.screen.draw(this.session, true);
    });
    this.showMode();
    if (mode !== WATCH)
      this.setPlaying(true);
  }

  showMode() {
    for (const button of $('modes').children) {
      const chosen = button.dataset.mode === this.mode;
      button.setAttribute('aria-checked', String(chosen));
      button.tabIndex = chosen || this.mode === REPLAY ? 0 : -1;
    }
  }

  // ---- files -------------------------------------------------------------------------------------

  driveAsText() {
    return JSON.stringify(this.session.save(this.data.program));
  }

  saveDrive() {
    this.guard(() => {
      if (this.session.length === 0)
        throw new Error('Nothing was driven yet.');
      const { map, seed, episode } = this.session.setup;
      const url = URL.createObjectURL(new Blob([this.driveAsText()], { type: 'application/json' }));
      make('a', { href: url, download: `${map.name}-${seed}-${episode}.drive.json` }).click();
      setTimeout(() => URL.revokeObjectURL(url), 10000);
      this.say('Saved.');
    });
  }

  // Opens an episode that the page brought with it, a little before it went wrong.
  openEpisode(episode) {
    this.openDrive(episode.drive);
    if (!$('problem').hidden)
      return;
    this.episodes.mark(episode);
    this.showWorst();
    this.say(`Opened ${episode.name}: all states are the same as in the file. Step through it, or ` +
      'drive on from any moment.');
  }

  showWorst() { this.seek(worstMoment(this.session)); }

  openDrive(text) {
    this.setPlaying(false);
    return this.guard(() => {
      const drive = parseDrive(text), { start } = drive;
      const map = this.maps.get(start.mapName) || this.jsonMap(start.mapName, start.mapText);
      if (!map || map.hash !== start.mapHash)
        throw new Error('The drive was on the map "' + start.mapName.slice(0, 60) +
          '", which this page does not have, or has another version of.');
      const settings = settingLines(start.settings);
      if (this.maps.has(map.name))
        $('map-name').value = map.name;
      this.showDrive(name => start.settings[name]);
      $('commands').value = SOURCES[start.settings.commands ?? 0] ?? 'none';
      $('seed').value = start.seed;
      $('episode').value = start.episode;
      $('randomize').value = 'none';
      this.choosePolicy(this.policies.findIndex(policy =>
        drive.policy && policy.hash === drive.policy.hash));
      this.episodes.mark(null);
      this.mode = REPLAY;
      this.extra = '';
      this.session.begin({
        map, seed: start.seed, episode: start.episode, randomize: 'none', ghosts: this.chosenGhosts(),
        line: $('line').checked,
        lines: 'env.max_steps: ' + STEPS_MAX + '\n' + settings, policy: this.policies[$('policy').value],
      }, REPLAY);
      this.session.load(drive);
      this.showMode();
      this.screen.begin(this.session);
      this.say('Opened: all states are the same as in the file.');
    });
  }

  async copyLink() {
    try {
      if (this.session.length === 0)
        throw new Error('Nothing was driven yet.');
      const bytes = new TextEncoder().encode(this.driveAsText());
      const packed = base64FromBytes(await through(new CompressionStream('deflate-raw'), bytes));
      if (packed.length > LINK_LETTERS_MAX)
        throw new Error('The drive is too long for a link: save it as a file.');
      location.hash = 'drive=' + packed.replaceAll('+', '-').replaceAll('/', '_');
      await navigator.clipboard?.writeText(location.href).catch(() => {});
      this.say('The address of this page now holds the drive.');
    } catch (error) {
      this.complain(error);
    }
  }

  async openLink() {
    const named = /^#episode=(.+)$/.exec(location.hash);
    if (named !== null) {
      const episode = this.episodes.find(decodeURIComponent(named[1]));
      if (episode)
        this.openEpisode(episode);
      else
        this.complain(new Error('This page has no such episode.'));
      return;
    }
    const match = /^#drive=([-\w=]+)$/.exec(location.hash);
    if (match === null)
      return;
    try {
      const packed = bytesFromBase64(match[1].replaceAll('-', '+').replaceAll('_', '/'));
      const bytes = await through(new DecompressionStream('deflate-raw'), packed);
      this.openDrive(new TextDecoder().decode(bytes));
    } catch {
      this.complain(new Error('The address of this page holds no drive that can be opened.'));
    }
  }

  // ---- messages ----------------------------------------------------------------------------------

  say(words) { $('note').textContent = words; }

  complain(error) {
    $('problem').textContent = error.message;
    $('problem').hidden = false;
  }

  // Does something that may fail, and says so; returns its result.
  guard(action) {
    try {
      const result = action();
      $('problem').hidden = true;
      return result;
    } catch (error) {
      this.setPlaying(false);
      this.complain(error);
      return undefined;
    }
  }

  // ---- connections -------------------------------------------------------------------------------

  connect() {
    const on = (id, event, action) => $(id).addEventListener(event, action);
    on('play', 'click', () => this.setPlaying(!this.playing));
    on('step', 'click', () => this.stepOnce());
    on('restart', 'click', () => this.restart());
    on('next', 'click', () => this.newStart());
    on('worst', 'click', () => this.showWorst());
    for (const button of document.querySelectorAll('[data-turn]'))
      button.addEventListener('click', () => this.giveCommand(button.dataset.turn));
    for (const button of document.querySelectorAll('[data-fork]'))
      button.addEventListener('click', () => this.fork(button.dataset.fork));
    on('timeline', 'input', () => this.seek(Number($('timeline').value)));
    on('save', 'click', () => this.saveDrive());
    on('link', 'click', () => this.copyLink());
    on('open', 'change', async () => {
      const [file] = $('open').files;
      if (file)
        this.openDrive(await file.text());
      $('open').value = '';
    });
    on('line', 'change', () => this.guard(() => this.showLine()));
    for (const id of ['map-name', 'policy', 'seed', 'episode', 'delay', 'trim', 'commands', 'traffic',
      'randomize'])
      on(id, 'change', () => {
        if (id !== 'policy')
          this.extra = '';
        if (this.mode === REPLAY)
          this.mode = WATCH;
        this.showMode();
        this.begin();
      });
    on('camera-size', 'change', () => this.guard(() => {
      this.chooseSize();
      this.screen.draw(this.session, true);
    }));
    for (const button of $('modes').children)
      button.addEventListener('click', () => this.setMode(button.dataset.mode));
    window.addEventListener('keydown', event => this.onKey(event));
    window.addEventListener('hashchange', () => this.openLink());
    window.addEventListener('resize', () => this.guard(() => this.screen.draw(this.session, true)));
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () =>
      this.guard(() => this.screen.draw(this.session, true)));
  }

  onKey(event) {
    const actions = {
      Space: () => this.setPlaying(!this.playing), Period: () => this.stepOnce(),
      KeyJ: () => this.giveCommand('left'), KeyI: () => this.giveCommand('straight'),
      KeyL: () => this.giveCommand('right'),
      KeyR: () => this.restart(), KeyN: () => this.newStart(),
      Digit1: () => this.setMode(WATCH), Digit2: () => this.setMode(DRIVE),
      Digit3: () => this.setMode(TAKE_OVER),
    };
    const { target } = event;
    const isField = ['SELECT', 'INPUT'].includes(target.tagName);
    const isButton = target.tagName === 'BUTTON' && event.code === 'Space';
    if (isField || isButton || event.ctrlKey || event.metaKey || event.altKey || !actions[event.code])
      return;
    event.preventDefault();
    if (!event.repeat || event.code === 'Period')
      actions[event.code]();
  }
}

// A module with one instruction of SIMD; browsers without it refuse it.
const SIMD_PROBE = [0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0,
  65, 0, 253, 15, 253, 98, 11];

// Shows a sentence where the page cannot work.
async function start() {
  try {
    if (typeof WebAssembly !== 'object')
      throw new Error('This page simulates with WebAssembly, which this browser does not have or ' +
        'does not allow. Firefox, Chrome, Edge and Safari have it, unless it is switched off.');
    if (typeof DecompressionStream !== 'function')
      throw new Error('This page needs a browser with DecompressionStream, such as Firefox 113, ' +
        'Chrome 80, Safari 16.4 or later.');
    const simd = WebAssembly.validate(new Uint8Array(SIMD_PROBE));
    const packed = bytesFromBase64($(simd ? 'module-simd' : 'module-plain').textContent.trim());
    const simulator = await Simulator.load(await through(new DecompressionStream('gzip'), packed));
    const page = new Page(await unpackData($('data').textContent), simulator);
    page.simd = simd;
    page.fillFields();
    document.querySelector('main').hidden = false;
    page.showMode();
    page.begin();
    page.connect();
    await page.openLink();
    page.firstFrame = performance.now();
    window.imprint = page; // for tests, and for the curious
    requestAnimationFrame(time => page.frame(time));
  } catch (error) {
    $('problem').textContent = error.message;
    $('problem').hidden = false;
  }
}

start();
