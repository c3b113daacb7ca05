// One episode: frames, plots, figures, and what marks them. A card is empty until it comes near the
// window.

class Card {
  constructor(episode, marks, filters) {
    Object.assign(this, { episode, marks, filters, isBuilt: false });
    this.element = make('section', { className: 'card empty', ariaLabel: `Episode ${episode.number}` });
    this.element.dataset.episode = episode.number;
  }

  build() {
    if (this.isBuilt)
      return;
    this.isBuilt = true;
    const { episode } = this;
    this.button = make('button', { type: 'button', textContent: 'Mark episode', onclick: () =>
      this.marks.setEpisodes([episode.number], !this.marks.episodes.has(episode.number)) });
    this.tags = make('div', { className: 'tags' });
    this.range = make('div', { className: 'range' }, this.strip(), this.plots = make('canvas'),
      this.over = make('canvas', { className: 'marks-layer' }));
    this.plots.setAttribute('role', 'img');
    this.plots.setAttribute('aria-label', 'Duty cycles, executed and of the expert, and lane distance over time');
    this.figures = make('dl');
    this.element.replaceChildren(
      make('div', { className: 'head' }, make('h3', { textContent: `Episode ${episode.number}` }),
        this.button), this.tags, this.range, this.figures, this.numbers());
    this.element.classList.remove('empty');
    this.listen();
    this.draw();
  }

  strip() {
    if (!this.episode.frames)
      return make('div', { className: 'absent', textContent: 'Its frames are not in this page.' });
    const image = make('img', { alt: `Frames of episode ${this.episode.number}`,
      src: 'data:image/jpeg;base64,' + this.episode.frames, draggable: false });
    image.style.aspectRatio = `${data.frames * data.frameWidth} / ${data.frameHeight}`;
    const strip = make('div', { className: 'strip' }, image);
    strip.style.setProperty('--frames', data.frames);
    return strip;
  }

  // Marks frames without a pointer.
  numbers() {
    const { steps, number } = this.episode;
    const field = (label, value) => make('input', { type: 'number', min: 0, max: steps, value,
      ariaLabel: label });
    this.first = field('first frame', 0);
    this.last = field('last frame', steps);
    const mark = () => {
      const [a, b] = [this.first, this.last].map(each => clamp(Math.round(Number(each.value)), 0, steps));
      this.marks.addFrames(number, Math.min(a, b), Math.max(a, b));
    };
    return make('div', { className: 'frames' }, 'Frames', this.first, 'to', this.last,
      make('button', { type: 'button', textContent: 'Mark frames', onclick: mark }));
  }

  frameAt(event) {
    const box = this.range.getBoundingClientRect();
    const share = clamp((event.clientX - box.left) / box.width, 0, 1);
    return Math.min(this.episode.steps, Math.floor(share * (this.episode.steps + 1)));
  }

  // Dragging marks a range; a click on a range removes it.
  listen() {
    let start = null;
    const { number } = this.episode;
    this.range.onpointerdown = event => {
      start = this.frameAt(event);
      this.range.setPointerCapture(event.pointerId);
    };
    this.range.onpointermove = event => {
      const frame = this.frameAt(event);
      this.range.title = `frame ${frame}, ${fixed(frame * this.episode.timeStep, 2)} s`;
      if (start !== null && frame !== start)
        drawRanges(this.over, this.episode, [...this.marks.rangesOf(number),
          [Math.min(start, frame), Math.max(start, frame)]]);
    };
    this.range.onpointerup = event => {
      const frame = this.frameAt(event), from = start;
      start = null;
      if (from === null)
        return;
      if (from === frame)
        this.marks.removeFrames(number, frame);
      else
        this.marks.addFrames(number, Math.min(from, frame), Math.max(from, frame));
    };
    this.range.onpointercancel = () => {
      start = null;
      this.drawMarks();
    };
  }

  draw() {
    if (!this.isBuilt)
      return;
    const { episode } = this, reasons = this.filters.reasonsOf(episode);
    const words = { bad: 'ended badly', difference: 'far from the expert', jerk: 'jerky',
      standing: 'stands still', outlier: `outlier in ${episode.quantity}` };
    const facts = [`${episode.steps} steps`, episode.ending];
    if (data.map !== episode.map)
      facts.push(episode.map);
    this.tags.replaceChildren(...reasons.map(key => make('span', { className: 'tag found',
      textContent: words[key] })), ...facts.map(text => make('span', { className: 'tag',
      textContent: text })));
    this.tags.title = `seed ${episode.seed}, episode ${episode.streamNumber} of its streams`;
    this.figures.replaceChildren(...FIGURES.map(figure => make('div', {},
      make('dt', { textContent: figure.name }), make('dd', { textContent: figureText(episode, figure),
        className: reasons.includes(figure.key) ? 'found' : '' }))));
    drawPlots(this.plots, episode);
    this.drawMarks();
  }

  drawMarks() {
    if (!this.isBuilt)
      return;
    const isBad = this.marks.episodes.has(this.episode.number);
    this.element.classList.toggle('marked', isBad);
    this.button.setAttribute('aria-pressed', isBad);
    this.button.textContent = isBad ? 'Marked as bad' : 'Mark episode';
    drawRanges(this.over, this.episode, this.marks.rangesOf(this.episode.number));
  }
}
