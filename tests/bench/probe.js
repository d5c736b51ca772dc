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

  // `usable`: how many elements, found by which selector, make the page usable. Asked after changes alone, once in a frame:
  // a question in every frame made the page draw frames in which nothing changes.
  const [selector, rows] = window.usable;
  let asked = false;
  const changes = new MutationObserver(() => {
    if (!asked) requestAnimationFrame(look);
    asked = true;
  });
  const look = () => {
    asked = false;
    if (document.querySelectorAll(selector).length < rows || !document.querySelector('main input[type=search]')) return;
    changes.disconnect();
    afterPaint(ready);
  };
  changes.observe(document, { subtree: true, childList: true });

  // When a text appears in a row, by the clock that all processes of the machine share.
  probe.when = (row, text) => new Promise((resolve) => {
    const table = document.querySelector(`main [data-row="${row}"]`).closest('[role=table]');
    const shown = () => table.querySelector(`[data-row="${row}"]`).closest('[role=row]').textContent;
    const watch = new MutationObserver(() => {
      if (!shown().includes(text)) return;
      watch.disconnect();
      afterPaint(() => resolve(performance.timeOrigin + performance.now()));
    });
    watch.observe(table, { subtree: true, childList: true, characterData: true });
  });
})();
