// The event stream of the exchange, kept open for months.

/**
 * Calls handlers[name](data) for each event of url. The browser reconnects by
 * itself when the connection breaks, but gives up when the exchange refuses
 * (too many pages, still starting): then it is asked again here. Whose session has
 * ended may look no more: the page says so instead of showing what was.
 */
export function listen(url, handlers) {
  const events = new EventSource(url);
  for (const [name, handle] of Object.entries(handlers)) {
    events.addEventListener(name, (e) => handle(JSON.parse(e.data)));
  }
  events.onerror = () => {
    if (events.readyState === EventSource.CLOSED) setTimeout(() => again(url, handlers), 2000);
  };
}

async function again(url, handlers) {
  const page = await fetch(location.href, { method: "HEAD" }).catch(() => null); // null: nobody answers
  if (page?.status === 401) location.reload();
  else listen(url, handlers);
}
