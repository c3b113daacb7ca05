// The episodes that a page brings with it: a list to choose from, and where each went wrong.

const BEFORE_SECONDS = 1, STANDING_SPEED = 0.02, STANDING_SECONDS = 10;

class EpisodeList {
  // episodes: [{name, note, map, policy, seconds, drive}]; onChoose: called with one of them.
  constructor(episodes, onChoose) {
    this.episodes = episodes;
    this.buttons = episodes.map(episode => {
      const words = episode.note || `${episode.policy || 'a drive'} on ${episode.map}, ` +
        fixed(episode.seconds, 1) + ' s';
      const button = make('button', { type: 'button' },
        make('b', { textContent: episode.name }), words);
      button.addEventListener('click', () => onChoose(episode));
      return button;
    });
    $('episodes').append(...this.buttons.map(button => make('li', {}, button)));
    $('episodes-part').hidden = episodes.length === 0;
  }

  find(name) { return this.episodes.find(episode => episode.name === name); }

  // Marks the one that is shown; null: none.
  mark(shown) {
    this.episodes.forEach((episode, k) =>
      this.buttons[k].setAttribute('aria-current', String(episode === shown)));
    if (shown)
      this.buttons[this.episodes.indexOf(shown)].scrollIntoView({ block: 'nearest' });
  }
}

// The step at which a drive went wrong: its end if the episode ended there, else the beginning of a
// long standstill, else where the robot was farthest from the lane's centre; a little earlier.
function worstMoment(session) {
  const { lane, speed } = session.series, { length, timeStep } = session;
  const long = STANDING_SECONDS / timeStep;
  let worst = length, farthest = -1, standing = 0;
  for (let k = 0; k < length && !session.ended; k++) {
    const distance = Number.isFinite(lane[k]) ? Math.abs(lane[k]) : Infinity;
    standing = speed[k] < STANDING_SPEED ? standing + 1 : 0;
    if (standing >= long) {
      worst = k - standing + 1;
      break;
    }
    if (distance > farthest)
      [farthest, worst] = [distance, k + 1];
  }
  return Math.max(0, worst - Math.round(BEFORE_SECONDS / timeStep));
}
