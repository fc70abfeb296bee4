package call

import (
	"time"

	"github.com/centralita/centralita/firmware/tel"
)

// FaxTalk is how long after the connection a calling tone still takes a call to the
// fax port. A calling fax sends its tone every 3.5 s from the moment it is answered
// (ITU-T T.30 § 4.1.1); later what sounds like one is somebody's voice or music.
const FaxTalk = 20 * time.Second

// fax takes a caller who is a fax out of whatever he is in and rings the fax port.
func (m *Machine) fax(now time.Time, ev IsFax, out []Effect) []Effect {
	if m.start.Aim != AimFlow || !m.callerUp || m.ext == ev.Ext && m.called != 0 || m.callerIs != tel.ByCaller || m.consult.by != 0 {
		return out
	}
	switch m.state {
	case InFlow, Ringing:
	case Waiting:
		if m.offer != 0 {
			out = m.book(now, Fact{Kind: Declined, Queue: m.queue, Agent: m.agent, Offer: m.offer, Cause: tel.CauseFax}, out)
		}
		out = m.book(now, Fact{Kind: QueueLeft, Queue: m.queue, Cause: tel.CauseFax}, out)
		out = append(out, Dequeue{tel.CauseFax})
	case Talk:
		if now.Sub(m.since) > FaxTalk {
			return out
		}
		for _, leg := range []tel.LegID{m.caller, m.called} {
			if m.held[leg] {
				out = m.release(now, leg, out)
			}
		}
		out = m.freeAgent(out)
	default:
		return out
	}
	if m.called != 0 {
		out = append(out, Drop{m.called, tel.CauseFax})
	}
	if m.flow {
		m.flow = false
		out = append(out, StopFlow{})
	}
	out = append(out, Quiet{m.caller})
	out = m.book(now, Fact{Kind: Fax, Ext: ev.Ext, Evidence: ev.Evidence}, out)
	m.tries = nil
	return m.ring(now, ev.Ext, ev.Leg, out)
}
