// Runs in the page before its own script: notes when messages arrive, when they are painted, and what blocks the thread.
(() => {
  const probe = { painted: [], long: [], keys: [], ready: null, shown: null };
  window.probe = probe;

  // A frame's rendering ends before the next task begins.
  const afterPaint = (run) => requestAnimationFrame(() => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = run;
    port2.postMessage(0);
  });

  class Heard extends WebSocket {
    constructor(...given) {
      super(...given);
      // Gives the page a message that the server did not send.
      probe.hear = (message) => this.dispatchEvent(new MessageEvent('message', { data: JSON.stringify(message) }));
      this.addEventListener('message', (event) => {
        if (!event.data.startsWith('{"type":"rollout"')) return;
        const arrived = performance.now();
        afterPaint(() => probe.painted.push(performance.now() - arrived));
      });
    }
  }
  window.WebSocket = Heard;

  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) probe.long.push(entry.duration);
  }).observe({ type: 'longtask', buffered: true });

  addEventListener('keydown', (event) => afterPaint(() => probe.keys.push(performance.now() - event.timeStamp)), true);

  const ready = () => {
    probe.ready = performance.now();
    console.debug('probe: ready');
  };

  // `usable`: how many elements, found by which selector, make the page usable.
  const look = () => {
    const [selector, rows] = window.usable;
    if (document.querySelectorAll(selector).length >= rows && document.querySelector('main input[type=search]')) afterPaint(ready);
    else requestAnimationFrame(look);
  };
  requestAnimationFrame(look);

  // When a text appears in a row, by the clock that all processes of the machine share.
  probe.when = (row, text) => new Promise((resolve) => {
    const cell = document.querySelector(`main [data-row="${row}"]`).closest('[role=row]');
    const watch = new MutationObserver(() => {
      if (!cell.textContent.includes(text)) return;
      watch.disconnect();
      afterPaint(() => resolve(performance.timeOrigin + performance.now()));
    });
    watch.observe(cell, { subtree: true, childList: true, characterData: true });
  });
})();
