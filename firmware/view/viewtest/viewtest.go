// Package viewtest is a small office in two fixed moments, a calm one and one
// with alarms, as the pages are drawn in the design: for the tests of
// everything that shows a view.Snapshot.
package viewtest

import (
	"time"

	"github.com/centralita/centralita/firmware/tel"
	"github.com/centralita/centralita/firmware/view"
)

// Zone is the office's time zone.
const Zone = "Europe/Madrid"

// At returns the moment of both pictures, Saturday 21 November 2026 at 10:42
// in the office. It panics where there is no time zone data.
func At() time.Time {
	loc, err := time.LoadLocation(Zone)
	if err != nil {
		panic(err)
	}
	return time.Date(2026, time.November, 21, 10, 42, 30, 0, loc)
}

// ago returns the instant "4:12" before at.
func ago(at time.Time, min, sec int) time.Time {
	return at.Add(-time.Duration(min)*time.Minute - time.Duration(sec)*time.Second)
}

func office(at time.Time) *view.Snapshot {
	return &view.Snapshot{
		Seq: 48211, At: at, Site: "Oficina Centro", Version: "0.9.4", Lang: tel.Spanish, TimeZone: Zone,
		Started: at.Add(-26 * time.Hour), Clock: "ntp", Book: view.Book{Last: 48211},
		Media: view.Media{Shards: 2, Legs: 9, Ticks: 4_680_000, LateMS: 0.4, MaxMS: 2.1},
		Last:  last(at),
	}
}

func last(at time.Time) []view.Call {
	clock := func(h, m int) time.Time {
		return time.Date(at.Year(), at.Month(), at.Day(), h, m, 0, 0, at.Location())
	}
	return []view.Call{
		{ID: "7-48211", Direction: tel.Inbound, From: "+34915550214", Name: "José Pérez Gómez", Port: "L2", Began: clock(10, 38), Ended: clock(10, 41), Queue: "ventas", Agent: "ana", Talk: 192, Wait: 7, Connected: true, By: tel.ByCaller, Cause: tel.CauseNormal},
		{ID: "7-48210", Direction: tel.Inbound, From: "+34915550087", Port: "L5", Began: clock(10, 38), Ended: clock(10, 39), Queue: "soporte", Wait: 48, By: tel.ByCaller, Cause: tel.CauseAbandoned},
		{ID: "7-48209", Direction: tel.Outbound, From: "203", To: "915550530", Port: "L1", Began: clock(10, 35), Ended: clock(10, 36), Queue: "cobros", Agent: "carla", Talk: 65, Connected: true, By: tel.ByAgent, Cause: tel.CauseNormal},
		{ID: "7-48208", Direction: tel.Inbound, From: "+34600555942", Port: "siptel", Began: clock(10, 32), Ended: clock(10, 33), Node: "saldo", Talk: 0, By: tel.BySystem, Cause: tel.CauseFlow},
		{ID: "7-48207", Direction: tel.Inbound, From: "+34600555318", Port: "L7", Began: clock(10, 29), Ended: clock(10, 31), Queue: "ventas", Agent: "elena", Talk: 88, Connected: true, By: tel.ByAgent, Cause: tel.CauseNormal},
	}
}

func queue(id tel.QueueID, es, en string, threshold, inTarget, free int) view.Queue {
	return view.Queue{ID: id, NameES: es, NameEN: en, MaxWait: 180, Threshold: threshold, Target: 20, Goal: 80,
		Answered: 97, Late: 3, InTarget: inTarget, Free: free, Logged: 4, Lamp: view.Idle}
}

func waits(at time.Time, since ...int) []view.Waiting {
	var w []view.Waiting
	for i, s := range since {
		w = append(w, view.Waiting{Call: tel.CallID("7-483" + string(rune('0'+i))), Since: ago(at, 0, s), Position: i + 1})
	}
	return w
}

// Calm returns the calm office: nothing asks for anybody.
func Calm() *view.Snapshot {
	at := At()
	s := office(at)
	s.Calm = time.Date(at.Year(), at.Month(), at.Day(), 8, 2, 0, 0, at.Location())
	long := at.Add(-3 * time.Hour)
	s.Lines = []view.Line{
		{ID: "L1", Lamp: view.Talk, Since: ago(at, 1, 48)}, {ID: "L2", Lamp: view.Idle, Since: long},
		{ID: "L3", Lamp: view.Idle, Since: long}, {ID: "L4", Lamp: view.Menu, Since: ago(at, 0, 21)},
		{ID: "L5", Lamp: view.Queued, Since: ago(at, 0, 14)}, {ID: "L6", Lamp: view.Talk, Since: ago(at, 0, 31)},
		{ID: "L7", Lamp: view.Idle, Since: long}, {ID: "L8", Lamp: view.Ring, Since: ago(at, 0, 4)},
	}
	s.Trunks = []view.Trunk{{ID: "siptel", Lamp: view.Idle, Since: long, Size: 10}}
	s.Queues = []view.Queue{
		queue("ventas", "Ventas", "Sales", 4, 91, 2), queue("soporte", "Soporte", "Support", 3, 86, 2),
		queue("cobros", "Cobros", "Collections", 2, 88, 1), queue("citas", "Citas", "Appointments", 3, 93, 2),
	}
	s.Queues[0].Waiting = waits(at, 14)
	s.Queues[0].Waiting[0].Offered = "lucia"
	s.Agents = []view.Agent{
		{ID: "ana", Name: "Ana Ruiz", State: "talking", Lamp: view.Talk, Since: ago(at, 1, 48)},
		{ID: "bruno", Name: "Bruno", State: "ready", Lamp: view.Idle, Since: ago(at, 4, 10)},
		{ID: "carla", Name: "Carla", State: "ready", Lamp: view.Idle, Since: ago(at, 2, 31)},
		{ID: "diego", Name: "Diego", State: "acw", Lamp: view.Wrap, Since: ago(at, 0, 22)},
		{ID: "elena", Name: "Elena", State: "talking", Lamp: view.Talk, Since: ago(at, 0, 31)},
		{ID: "fabio", Name: "Fabio", State: "ready", Lamp: view.Idle, Since: ago(at, 0, 48)},
		{ID: "lucia", Name: "Lucía", State: "reserved", Lamp: view.Ring, Since: ago(at, 0, 4)},
		{ID: "marta", Name: "Marta", State: "not ready", Reason: "descanso", ReasonES: "Descanso", ReasonEN: "Break", Lamp: view.Pause, Since: ago(at, 8, 15)},
	}
	s.Uplinks = []view.Uplink{{ID: "sede", Lamp: view.Talk, State: "up to date", Since: long, Acked: 48211}}
	return s
}

// Alarmed returns the office in trouble: a queue over its threshold, a dead
// line, an agent without a phone and no link upstream.
func Alarmed() *view.Snapshot {
	at := At()
	s := office(at)
	s.Lines = []view.Line{
		{ID: "L1", Lamp: view.Talk, Since: ago(at, 6, 48)}, {ID: "L2", Lamp: view.Talk, Since: ago(at, 2, 10)},
		{ID: "L3", Lamp: view.Dead, Since: ago(at, 11, 8)}, {ID: "L4", Lamp: view.Hold, Since: ago(at, 1, 44)},
		{ID: "L5", Lamp: view.Queued, Since: ago(at, 4, 12), Call: "7-48320"}, {ID: "L6", Lamp: view.Talk, Since: ago(at, 0, 31)},
		{ID: "L7", Lamp: view.Queued, Since: ago(at, 3, 50)}, {ID: "L8", Lamp: view.Talk, Since: ago(at, 3, 42)},
	}
	s.Trunks = []view.Trunk{{ID: "siptel", Lamp: view.Queued, Since: ago(at, 3, 0), Used: 6, Size: 10}}
	s.Calls = append(s.Calls, view.Call{ID: "7-48320", Direction: tel.Inbound, From: "+34915550142", Name: "Rosa Díaz", Port: "L5",
		Lamp: view.Queued, Since: ago(at, 4, 12), Began: ago(at, 4, 40), Queue: "soporte"})
	for i := range 6 {
		s.Calls = append(s.Calls, view.Call{ID: tel.CallID("7-483" + string(rune('0'+i))), Direction: tel.Inbound,
			From: "+34915550199", Port: "siptel", Lamp: view.Queued, Since: ago(at, 2, i), Began: ago(at, 3, i)})
	}
	s.Queues = []view.Queue{
		queue("ventas", "Ventas", "Sales", 4, 88, 0), queue("soporte", "Soporte", "Support", 3, 61, 0),
		queue("cobros", "Cobros", "Collections", 2, 79, 0), queue("citas", "Citas", "Appointments", 3, 93, 1),
	}
	s.Queues[0].Waiting = waits(at, 38, 21)
	s.Queues[1].Waiting = waits(at, 252, 230, 130, 75, 20)
	s.Queues[1].Waiting[0].VIP = true
	s.Queues[1].Lamp, s.Queues[1].CanHelp = view.Dead, "Marta (Citas)"
	s.Queues[2].Waiting = waits(at, 82)
	s.Queues[2].Lamp = view.Warn
	s.Agents = []view.Agent{
		{ID: "ana", Name: "Ana Ruiz", State: "talking", Lamp: view.Talk, Since: ago(at, 6, 48), Queues: []tel.QueueID{"soporte"}},
		{ID: "bruno", Name: "Bruno", State: "talking", Lamp: view.Talk, Since: ago(at, 2, 10), Queues: []tel.QueueID{"ventas"}},
		{ID: "carla", Name: "Carla", State: "talking", Lamp: view.Hold, Since: ago(at, 1, 44), Queues: []tel.QueueID{"soporte"}},
		{ID: "diego", Name: "Diego", State: "acw", Lamp: view.Wrap, Since: ago(at, 0, 52)},
		{ID: "elena", Name: "Elena", State: "talking", Lamp: view.Talk, Since: ago(at, 0, 31)},
		{ID: "fabio", Name: "Fabio", State: "unreachable", Lamp: view.Dead, Since: ago(at, 0, 20)},
		{ID: "lucia", Name: "Lucía", State: "talking", Lamp: view.Talk, Since: ago(at, 3, 42)},
		{ID: "marta", Name: "Marta", State: "ready", Lamp: view.Idle, Since: ago(at, 0, 9), Queues: []tel.QueueID{"citas"}},
	}
	s.Alarms = []view.Alarm{
		{ID: "queue.soporte", Rank: view.Urgent, Since: ago(at, 3, 30), ES: "Soporte: 5 esperan", EN: "Support: 5 waiting",
			HintES: "Umbral 3. Marta (Citas) puede ayudar.", HintEN: "Threshold 3. Marta (Appointments) can help."},
		{ID: "line.L3", Rank: view.Urgent, Since: ago(at, 11, 8), ES: "Línea 3 muerta", EN: "Line 3 dead",
			HintES: "Sin tensión. Sale por L4.", HintEN: "No voltage. Going out by L4."},
		{ID: "uplink.sede", Rank: view.Attention, Since: ago(at, 44, 0), ES: "Sin enlace con la sede", EN: "No link with head office",
			HintES: "214 registros a salvo aquí.", HintEN: "214 records safe here."},
	}
	s.Uplinks = []view.Uplink{{ID: "sede", Lamp: view.Warn, State: "waiting", Since: ago(at, 44, 0), Pending: 214, Acked: 47997, Error: "dial tcp: no route"}}
	return s
}

// Hostile returns the alarmed office with names as an attacker would send
// them, in every field that comes from outside.
func Hostile() *view.Snapshot {
	const evil = `<img src=x onerror=alert(1)>"'</script><script>alert(2)</script>`
	s := Alarmed()
	s.Site = evil
	for i := range s.Agents {
		s.Agents[i].Name, s.Agents[i].Reason = evil, evil
	}
	for i := range s.Queues {
		s.Queues[i].NameES, s.Queues[i].NameEN, s.Queues[i].CanHelp = evil, evil, evil
	}
	for i := range s.Alarms {
		s.Alarms[i].ES, s.Alarms[i].EN, s.Alarms[i].HintES, s.Alarms[i].HintEN = evil, evil, evil, evil
	}
	for i := range s.Last {
		s.Last[i].Name, s.Last[i].From, s.Last[i].Node = evil, tel.Number(evil), evil
		s.Last[i].Queue, s.Last[i].Agent = evil, evil
	}
	for i := range s.Lines {
		s.Lines[i].ID, s.Lines[i].Detail = tel.PortID(evil), evil
	}
	s.Trunks[0].ID, s.Trunks[0].Why = evil, evil
	return s
}
