package health

import (
	"slices"
	"strings"
	"time"

	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/firmware/view"
)

// houseKinds are the kinds of conditions that House alone raises: what stands
// before the point in their ids.
var houseKinds = []string{"emergency", "queue", "line", "phones", "trunk", "uplink", "book", "gap", "clock", "wear", "writes", "memory", "ticks", "disk", "heat", "power"}

// House looks at a picture and raises or clears the conditions of emergency
// calls, lines, queues, agents' phones, trunks, upstream sinks, book, clock and machine. What is no
// longer in the picture (an agent who left his dead phone) is cleared too.
func (r *Register) House(now time.Time, s *view.Snapshot) {
	bad := houseConditions(s)
	for _, c := range bad {
		r.Raise(now, c)
	}
	for _, a := range r.Alarms() {
		kind, _, _ := strings.Cut(a.ID, ".")
		stands := slices.ContainsFunc(bad, func(c Condition) bool { return c.ID == a.ID })
		if slices.Contains(houseKinds, kind) && !stands {
			r.Clear(now, a.ID)
		}
	}
}

func houseConditions(s *view.Snapshot) (bad []Condition) {
	for _, c := range s.Calls {
		if c.Emergency {
			bad = append(bad, Emergency(c))
		}
	}
	for _, q := range s.Queues {
		if q.Lamp == view.Dead {
			bad = append(bad, QueueOver(q, q.CanHelp))
		}
	}
	for _, l := range s.Lines {
		if l.Lamp == view.Dead {
			es, en := lineWhy(l.Fault)
			bad = append(bad, LineDead(l.ID, wayRound(s, l.ID), es, en))
		}
	}
	var names []string
	var exts []tel.Number
	for _, a := range s.Agents {
		if a.Ext != "" && a.Lamp == view.Dead {
			names, exts = append(names, view.FirstName(a.Name)), append(exts, a.Ext)
		}
	}
	if len(names) > 0 {
		bad = append(bad, PhonesLost(names, exts))
	}
	for _, t := range s.Trunks {
		if t.Lamp == view.Dead {
			bad = append(bad, TrunkDown(t.ID))
		}
	}
	for _, u := range s.Uplinks {
		if u.Lamp == view.Warn || u.Lamp == view.Dead {
			bad = append(bad, UplinkDown(u.ID, u.Pending, u.WhyES, u.WhyEN))
		}
	}
	if s.Book.Error != "" {
		bad = append(bad, BookFailed())
	}
	if s.Book.Missing > 0 {
		bad = append(bad, BookGap(s.Book.Missing))
	}
	if s.Clock == "unset" {
		bad = append(bad, ClockUnset())
	}
	if s.Clock == "restored" {
		bad = append(bad, ClockRestored())
	}
	if s.Media.Late {
		bad = append(bad, TicksLate(s.Media.Tardy))
	}
	if m := s.Machine; m != nil {
		bad = append(bad, machineConditions(m)...)
	}
	return bad
}

func machineConditions(m *view.Machine) (bad []Condition) {
	if m.DiskLow {
		bad = append(bad, DiskLow(m.DiskFree))
	}
	if m.Hot && m.Celsius != nil {
		bad = append(bad, Heat(*m.Celsius))
	}
	if m.MemoryLow {
		bad = append(bad, MemoryLow(m.MemoryFree))
	}
	if d := m.Storage; d != nil && d.Worn {
		bad = append(bad, StorageWorn(*d))
	}
	if d := m.Storage; d != nil && d.Often {
		bad = append(bad, StorageBusy(*d))
	}
	if m.Power == "low" {
		bad = append(bad, PowerLow())
	}
	return bad
}

// wayRound names a line that calls go out by while dead is out.
func wayRound(s *view.Snapshot, dead tel.PortID) tel.PortID {
	for _, l := range s.Lines {
		if l.ID != dead && l.Lamp != view.Dead && l.Lamp != view.Off && l.Lamp != view.Unknown {
			return l.ID
		}
	}
	return ""
}

// lineWhy turns a fault of the line machine into a person's words.
func lineWhy(fault string) (es, en string) {
	switch fault {
	case "hardware gone":
		return "El puerto no responde", "The port does not answer"
	case "no dial tone":
		return "Sin tono de marcar; se prueba sola", "No dial tone; it is tried by itself"
	case "failed twice":
		return "Falló dos veces; se prueba sola", "It failed twice; it is tried by itself"
	case "changed character":
		return "Otras señales que antes; se prueba sola", "Other signals than before; it is tried by itself"
	}
	return "Sin tensión", "No voltage"
}
