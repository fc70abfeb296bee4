package metrics

import (
	"strings"
	"time"

	"github.com/centralita/centralita/firmware/view"
)

// lines writes what is known of lines, trunks and telephones.
func (w *writer) lines(s *view.Snapshot) {
	var lamps []view.Lamp
	for _, l := range s.Lines {
		lamps = append(lamps, l.Lamp)
		w.gauge("line_up", "Whether the line is in service.", bit(l.Lamp != view.Dead), "line", string(l.ID))
	}
	w.states("lines", "Lines by the state of their lamp.", lamps)
	lamps = nil
	for _, p := range s.Phones {
		lamps = append(lamps, p.Lamp)
	}
	w.states("phones", "Telephones by the state of their lamp.", lamps)
	for _, t := range s.Trunks {
		id := string(t.ID)
		w.gauge("trunk_up", "Whether the trunk is in service.", bit(t.Lamp != view.Dead), "trunk", id)
		w.gauge("trunk_calls", "Calls on the trunk.", float64(t.Used), "trunk", id)
		w.gauge("trunk_calls_limit", "Calls that the trunk carries at most.", float64(t.Size), "trunk", id)
	}
	seen := map[string]bool{}
	for _, c := range s.Calls {
		for _, l := range c.Legs {
			line, ok := strings.CutPrefix(l.What, "line ")
			if ok && !seen[line] {
				seen[line] = true
				w.sound(line, l)
			}
		}
	}
}

// sound writes what was measured of a line that carries a call. What is not known
// is left out.
func (w *writer) sound(line string, l view.Leg) {
	w.gauge("line_drift_ppm", "How much faster the clock of the line's port runs than ours.", float64(l.DriftPPM), "line", line)
	for _, x := range []struct {
		name, help string
		v          float64
	}{
		{"line_level_in_dbm0", "Level of the voice that comes.", l.LevelIn},
		{"line_level_out_dbm0", "Level of the voice that is sent.", l.LevelOut},
		{"line_erl_db", "Echo return loss of the line.", l.ERL},
		{"line_erle_db", "What the echo canceller takes away besides.", l.ERLE},
		{"line_echo_delay_seconds", "After which the echo comes.", l.EchoMS / 1000},
	} {
		if x.v != 0 {
			w.gauge(x.name, x.help, x.v, "line", line)
		}
	}
}

// calls writes the calls that go on.
func (w *writer) calls(s *view.Snapshot) {
	by := map[string][]view.Lamp{"in": nil, "out": nil, "internal": nil}
	for _, c := range s.Calls {
		by[string(c.Direction)] = append(by[string(c.Direction)], c.Lamp)
	}
	for direction, lamps := range by {
		w.states("calls", "Calls that go on, by direction and the state of their lamp.", lamps, "direction", direction)
	}
}

// queues writes queues and the people who answer them.
func (w *writer) queues(s *view.Snapshot, now time.Time) {
	for _, q := range s.Queues {
		id := string(q.ID)
		w.gauge("queue_waiting", "Callers who wait.", float64(len(q.Waiting)), "queue", id)
		longest := time.Duration(0)
		if since, ok := q.Longest(); ok {
			longest = max(0, now.Sub(since))
		}
		w.gauge("queue_longest_wait_seconds", "How long the first of them has waited.", longest.Seconds(), "queue", id)
		if n := q.Answered + q.Late; n > 0 {
			w.gauge("queue_service_level_ratio", "Of today's calls: answered within the target over answered plus abandoned after it.", float64(q.InTarget)/float64(n), "queue", id)
		}
		w.gauge("queue_service_level_goal_ratio", "What the service level should be.", float64(q.Goal)/100, "queue", id)
		w.gauge("queue_answered_today", "Calls answered since midnight of the office.", float64(q.Answered), "queue", id)
		w.gauge("queue_abandoned_today", "Calls given up since midnight of the office.", float64(q.Abandoned), "queue", id)
		w.gauge("queue_agents_free", "Agents who are ready for it.", float64(q.Free), "queue", id)
		w.gauge("queue_agents_logged_in", "Agents who are logged in for it.", float64(q.Logged), "queue", id)
	}
	count := map[string]float64{"logged out": 0, "not ready": 0, "ready": 0, "reserved": 0, "talking": 0, "acw": 0, "unreachable": 0, "engaged": 0}
	for _, a := range s.Agents {
		count[a.State]++
	}
	for state, n := range count {
		w.gauge("agents", "Agents by state.", n, "state", state)
	}
}

// rooms writes engine, loop, book and uplinks.
func (w *writer) rooms(s *view.Snapshot) {
	m := s.Media
	w.gauge("media_shards", "Goroutines that move audio.", float64(m.Shards))
	w.gauge("media_legs", "Legs whose audio is moved.", float64(m.Legs))
	w.counter("media_ticks_total", "Ticks of 20 ms.", float64(m.Ticks))
	w.gauge("media_late_p99_seconds", "99 of 100 ticks began no later than this.", m.LateMS/1000)
	w.gauge("media_late_max_seconds", "How late the latest tick began.", m.MaxMS/1000)
	w.counter("loop_steps_total", "Steps of the control loop.", float64(s.Loop.Steps))
	w.gauge("loop_step_max_seconds", "The longest step of the control loop.", s.Loop.MaxMS/1000)
	w.gauge("book_up", "Whether the book can be written.", bit(s.Book.Error == ""))
	w.counter("book_rows_total", "Number of the last durable row of the book.", float64(s.Book.Last))
	w.gauge("book_pending_rows", "Facts that wait to be written.", float64(s.Book.Pending))
	w.counter("book_lost_rows_total", "Facts that could not be written since the start.", float64(s.Book.Lost))
	for _, u := range s.Uplinks {
		w.gauge("uplink_up", "Whether rows reach the sink.", bit(u.Lamp != view.Warn && u.Lamp != view.Dead), "uplink", u.ID)
		w.gauge("uplink_pending_rows", "Rows of the book that the sink has not acknowledged.", float64(u.Pending), "uplink", u.ID)
		w.counter("uplink_acknowledged_rows_total", "Number of the last row that the sink has acknowledged.", float64(u.Acked), "uplink", u.ID)
	}
}

// ranks are the words for how urgent an alarm is.
var ranks = map[view.Rank]string{view.Attention: "attention", view.Urgent: "urgent"}

// alarms writes what stands. An emergency call's id is the call's, which grows
// without end: all of a kind are one series.
func (w *writer) alarms(s *view.Snapshot) {
	type key struct{ kind, rank string }
	count := map[key]float64{{"any", "attention"}: 0, {"any", "urgent"}: 0}
	for _, a := range s.Alarms {
		kind, _, _ := strings.Cut(a.ID, ".")
		count[key{kind, ranks[a.Rank]}]++
		count[key{"any", ranks[a.Rank]}]++
	}
	for k, n := range count {
		w.gauge("alarms", "Conditions that a person should know of.", n, "kind", k.kind, "rank", k.rank)
	}
}

// clocks are the states of the clock.
var clocks = []string{"unset", "restored", "callerid", "system", "rtc", "set", "ntp"}

// clock writes where the time comes from.
func (w *writer) clock(s *view.Snapshot) {
	for _, state := range clocks {
		w.gauge("clock_state", "1 for where the time comes from.", bit(s.Clock == state), "state", state)
	}
}

// machine writes the computer below. What its kernel does not show is left out.
func (w *writer) machine(m *view.Machine) {
	if m.DiskSize > 0 {
		w.gauge("disk_size_bytes", "Size of the file system of the data folder.", float64(m.DiskSize))
		w.gauge("disk_free_bytes", "What of it is free for us.", float64(m.DiskFree))
	}
	if m.MemorySize > 0 {
		w.gauge("memory_size_bytes", "Memory of the machine.", float64(m.MemorySize))
		w.gauge("memory_available_bytes", "What of it programs may have.", float64(m.MemoryFree))
	}
	if m.MemoryStall != nil {
		w.gauge("memory_stall_percent", "Share of the last minute in which everybody waited for memory.", *m.MemoryStall)
	}
	if d := m.Storage; d != nil {
		w.counter("storage_written_bytes_total", "Bytes written to the device of the data folder since the machine started.", float64(d.Written), "device", d.Device, "kind", d.Kind)
		w.gauge("storage_written_bytes_per_day", "By the last day; 0 while it is too early to tell.", float64(d.PerDay), "device", d.Device)
		w.gauge("storage_worn", "Whether the device says that it nears its end.", bit(d.Worn), "device", d.Device)
		if d.Used != nil {
			w.gauge("storage_life_used_percent", "Of the device's life, rounded up to tens.", float64(*d.Used), "device", d.Device)
		}
	}
	if m.Celsius != nil {
		w.gauge("temperature_celsius", "Of the hottest zone.", *m.Celsius)
	}
	if m.Power != "" {
		w.gauge("under_voltage", "Whether the voltage is too low, or was in the last minutes.", bit(m.Power == "low"))
	}
}
