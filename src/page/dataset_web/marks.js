// Which episodes and frames are bad, as the file that `imprint data drop --marks` reads
// (docs/formats.md). Ranges of frames of an episode are kept apart and in order.

class Marks {
  constructor(onChange) {
    this.onChange = onChange;
    this.clear();
    this.past = [];
    this.saved = true;
  }

  clear() {
    this.episodes = new Set();
    this.frames = new Map(); // episode: [[first, last], ...]
  }

  // Remembers the present marks, for undo().
  remember() {
    const copy = [...this.frames].map(([key, ranges]) => [key, ranges.map(range => [...range])]);
    this.past.push([new Set(this.episodes), new Map(copy)]);
    if (this.past.length > 200)
      this.past.shift();
  }

  changed(numbers) {
    this.saved = this.episodes.size === 0 && this.frames.size === 0;
    this.onChange(numbers);
  }

  undo() {
    if (this.past.length === 0)
      return;
    [this.episodes, this.frames] = this.past.pop();
    this.changed(null);
  }

  setEpisodes(numbers, bad) {
    this.remember();
    for (const number of numbers)
      if (bad)
        this.episodes.add(number);
      else
        this.episodes.delete(number);
    this.changed(numbers);
  }

  rangesOf(number) {
    return this.frames.get(number) ?? [];
  }

  // Adds a range, and joins it with those that it touches.
  addFrames(number, first, last) {
    this.remember();
    const apart = [];
    for (const [a, b] of this.rangesOf(number))
      if (b < first - 1 || a > last + 1)
        apart.push([a, b]);
      else
        [first, last] = [Math.min(a, first), Math.max(b, last)];
    apart.push([first, last]);
    this.frames.set(number, apart.sort((a, b) => a[0] - b[0]));
    this.changed([number]);
  }

  // Removes the range that holds a frame; false if there is none.
  removeFrames(number, frame) {
    const ranges = this.rangesOf(number), left = ranges.filter(([a, b]) => frame < a || frame > b);
    if (left.length === ranges.length)
      return false;
    this.remember();
    if (left.length > 0)
      this.frames.set(number, left);
    else
      this.frames.delete(number);
    this.changed([number]);
    return true;
  }

  frameCount() {
    let sum = 0;
    for (const ranges of this.frames.values())
      for (const [first, last] of ranges)
        sum += last - first + 1;
    return sum;
  }

  asText() {
    const ascending = (a, b) => a - b, frames = [];
    for (const episode of [...this.frames.keys()].sort(ascending))
      for (const [first, last] of this.frames.get(episode))
        frames.push({ episode, first, last });
    return JSON.stringify({
      format: 'imprint-marks', version: 1, dataset: data.hash,
      episodes: [...this.episodes].sort(ascending), frames,
    }) + '\n';
  }

  // Takes over a file's marks. Throws an Error that says what is wrong with the file.
  read(text) {
    let file;
    try {
      file = JSON.parse(text);
    } catch {
      throw new Error('This file is no JSON.');
    }
    if (file?.format !== 'imprint-marks')
      throw new Error('This file is no marks file: its format is not imprint-marks.');
    if (file.version !== 1)
      throw new Error('This marks file has another version than 1.');
    if (file.dataset !== data.hash)
      throw new Error('This file marks another dataset.');
    const isEpisode = number => Number.isInteger(number) && number >= 0 && number < episodes.length;
    const isRange = each => isEpisode(each?.episode) && Number.isInteger(each.first) &&
      Number.isInteger(each.last) && 0 <= each.first && each.first <= each.last &&
      each.last <= episodes[each.episode].steps;
    if (!Array.isArray(file.episodes) || !file.episodes.every(isEpisode) ||
        !Array.isArray(file.frames) || !file.frames.every(isRange))
      throw new Error('This marks file names an episode or a frame that the dataset does not have.');
    this.remember();
    this.clear();
    file.episodes.forEach(number => this.episodes.add(number));
    const steps = this.past.length;
    file.frames.forEach(({ episode, first, last }) => this.addFrames(episode, first, last));
    this.past.length = steps; // one step back undoes all of it
    this.changed(null);
    this.saved = true;
  }
}
