package config

import (
	"fmt"
	"slices"
	"time"

	"github.com/centralita/centralita/firmware/config/place"
	"github.com/centralita/centralita/firmware/tel"
)

// names reads a name in both languages: a table {es, en} or one text for both.
func (r *reader) names(f *place.Fields, def string) (es, en string) {
	if n := f.Get("name"); n == nil || n.Kind == place.Text {
		s := r.title(f, "name", def)
		return s, s
	}
	t := f.Fields("name", false)
	es = r.title(t, "es", "")
	en = r.title(t, "en", es)
	if es == "" {
		es = en
	}
	if es == "" {
		es, en = def, def
	}
	t.Done()
	return es, en
}

// queue reads a queue.
func (r *reader) queue(f *place.Fields) {
	q := Queue{ID: tel.QueueID(r.id(f, "id", "ventas"))}
	r.unique(f.At("id"), "queue", string(q.ID))
	q.NameES, q.NameEN = r.names(f, string(q.ID))
	q.Ext = r.extension(f, "ext", false)
	r.dial(f.At("ext"), "extension", q.Ext)
	q.Ring = f.Duration("ring", 20*time.Second, 5*time.Second, 2*time.Minute)
	q.Backoff = f.Duration("backoff", 10*time.Second, 0, 10*time.Minute)
	q.ACW = f.Duration("acw", 15*time.Second, 0, time.Hour)
	q.MaxWait = f.Duration("max_wait", 10*time.Minute, 10*time.Second, 4*time.Hour)
	q.MaxCallers = f.Int("max_callers", 50, 1, 5000)
	q.Announce = f.Duration("announce", 30*time.Second, 0, 10*time.Minute)
	if q.Announce > 0 && q.Announce < 10*time.Second {
		r.sink.Report(f.At("announce"), fmt.Sprintf("announce of queue %s is %s", q.ID, place.Short(q.Announce)), "a position said more often than every 10s is no rest", "write 10s or more, or 0s for none")
	}
	q.Threshold = f.Int("threshold", 3, 1, 5000)
	q.WaitLimit = f.Duration("wait_limit", 3*time.Minute, time.Second, 4*time.Hour)
	q.Target = f.Duration("target", 20*time.Second, time.Second, time.Hour)
	q.Goal = f.Int("goal", 80, 1, 100)
	q.Music = f.Text("music", "music")
	if f.Has("music") && r.has != nil && !r.has(r.cfg.Site.Language, q.Music) {
		r.sink.Report(f.At("music"), fmt.Sprintf("queue %s plays %s", q.ID, place.Quote(q.Music)), "there is no such prompt", "record it, or name another")
	}
	f.Done()
	r.cfg.Queues = append(r.cfg.Queues, q)
}

// agent reads a person.
func (r *reader) agent(f *place.Fields) {
	a := Agent{ID: tel.AgentID(r.id(f, "id", "ana"))}
	r.unique(f.At("id"), "agent", string(a.ID))
	a.Name = r.title(f, "name", string(a.ID))
	a.Number = r.extension(f, "number", true)
	r.unique(f.At("number"), "agent number", string(a.Number))
	a.PIN = string(r.extension(f, "pin", false))
	for _, b := range r.cfg.Agents {
		if b.Number != a.Number && string(b.Number)+b.PIN == string(a.Number)+a.PIN {
			r.sink.Report(f.At("number"), fmt.Sprintf("agent %s logs in as agent %s does", a.ID, b.ID),
				"number and pin together are what is dialled", "choose another number or pin")
		}
	}
	for _, n := range f.Texts("queues") {
		r.refer(n.At, "agent "+string(a.ID), "queue", n.Text)
		if slices.Contains(a.Queues, tel.QueueID(n.Text)) {
			r.sink.Report(n.At, fmt.Sprintf("agent %s is in queue %s twice", a.ID, place.Quote(n.Text)), "once is enough", "remove one of them")
			continue
		}
		a.Queues = append(a.Queues, tel.QueueID(n.Text))
	}
	a.Ext = r.extension(f, "phone", false)
	r.unique(f.At("phone"), "phone of an agent", string(a.Ext))
	r.refer(f.At("phone"), "agent "+string(a.ID), "phone", string(a.Ext))
	f.Done()
	r.cfg.Agents = append(r.cfg.Agents, a)
}

// pause reads a reason for a pause.
func (r *reader) pause(f *place.Fields) {
	key := f.NeedText("key", `"1"`)
	p := PauseReason{ID: r.id(f, "id", "descanso")}
	r.unique(f.At("id"), "pause", p.ID)
	r.unique(f.At("key"), "pause key", key)
	if len(key) == 1 && key[0] >= '0' && key[0] <= '9' {
		p.Digit = tel.Digit(key[0])
	} else if key != "" {
		r.sink.Report(f.At("key"), fmt.Sprintf("%s is no key of a pause", place.Quote(key)), "keys are 0 to 9", "write one digit in quotes")
	}
	p.NameES, p.NameEN = r.names(f, p.ID)
	f.Done()
	r.cfg.Pauses = append(r.cfg.Pauses, p)
}
