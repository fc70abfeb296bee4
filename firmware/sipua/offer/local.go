package offer

import (
	"fmt"
	"net/netip"
	"strings"
	"time"
)

// Our payload type for telephone events in offers, and our packet time.
const (
	eventPT = 101
	ptime   = 20 * time.Millisecond
)

// Local is our half of a dialog's descriptions.
type Local struct {
	id      uint64
	version uint64
	addr    netip.AddrPort
	codecs  []Codec

	slots []slot // the m-lines of the dialog in their order; ours is slots[ours]
	ours  int
	last  string // our last description without its o= line
	sent  string // our last description

	chosen  Codec // after the first agreement: the codec that goes first
	eventPT uint8 // the number that telephone events have in this dialog
	events  bool
}

// slot is an m-line that must stay at its place (RFC 3264 section 8).
type slot struct{ kind, proto, format string }

// New returns the descriptions of a new dialog. id is the session id, any number
// that is unique at this host; rtp is the address and port of our RTP socket as
// the other side must see it; codecs are in our order of preference.
func New(id uint64, rtp netip.AddrPort, codecs []Codec) *Local {
	if len(codecs) == 0 {
		codecs = Codecs()
	}
	return &Local{id: id, addr: rtp, codecs: codecs, eventPT: eventPT, events: true}
}

// Move changes the address that the next description announces.
func (l *Local) Move(rtp netip.AddrPort) { l.addr = rtp }

// Offer returns a description that offers our codecs in direction dir: SendRecv
// for a call, SendOnly or Inactive for hold, SendRecv for its end. Its version is
// one higher than before if it differs from what we last sent.
func (l *Local) Offer(dir Direction) []byte {
	if len(l.slots) == 0 {
		l.slots, l.ours = []slot{{kind: "audio", proto: "RTP/AVP"}}, 0
	}
	var fs []format
	if l.chosen != "" {
		fs = append(fs, format{l.chosen.static(), string(l.chosen)})
	}
	for _, c := range l.codecs {
		if c != l.chosen {
			fs = append(fs, format{c.static(), string(c)})
		}
	}
	if l.events {
		fs = append(fs, format{l.eventPT, "telephone-event"})
	}
	return l.write(fs, dir)
}

// Answer reads an offer and returns our answer and what was agreed. want is the
// direction we would like, seen from us: SendRecv, or SendOnly or Inactive while
// we hold the other side; the answer never exceeds what the offer permits. The
// first usable audio m-line is taken (in a later offer the one that was taken
// before, while it is usable); all others are refused with port 0. The error is an *Unacceptable.
func (l *Local) Answer(body []byte, want Direction) ([]byte, Session, error) {
	ms, err := read(body)
	if err != nil {
		return nil, Session{}, err
	}
	if len(ms) < len(l.slots) {
		return nil, Session{}, bad("it has %d m-lines, the dialog has %d", len(ms), len(l.slots))
	}
	at, s, err := l.take(ms, want)
	if err != nil {
		return nil, Session{}, err
	}
	l.slots, l.ours = slotsOf(ms), at
	l.chosen, l.events = s.Codec, s.Event
	fs := []format{{s.PT, string(s.Codec)}}
	if s.Event {
		l.eventPT = s.EventPT
		fs = append(fs, format{s.EventPT, "telephone-event"})
	}
	return l.write(fs, s.Direction), s, nil
}

// Accept reads the answer to our last Offer. The error is an *Unacceptable; a
// call then ends, a running session stays as it was.
func (l *Local) Accept(body []byte) (Session, error) {
	if l.sent == "" {
		return Session{}, bad("there was no offer")
	}
	ms, err := read(body)
	if err != nil {
		return Session{}, err
	}
	if len(ms) != len(l.slots) {
		return Session{}, bad("it has %d m-lines, the offer had %d", len(ms), len(l.slots))
	}
	m := &ms[l.ours]
	if m.port == 0 || !m.audio() {
		return Session{}, misfit("the audio stream was refused")
	}
	offered, err := read([]byte(l.sent))
	if err != nil {
		return Session{}, fmt.Errorf("cannot read our own offer: %w", err)
	}
	dir := offered[l.ours].dir
	s, err := agree(m, dir, l.codecs)
	if err != nil {
		return Session{}, err
	}
	s.RecvPT = s.Codec.static() // the numbers of our offer are what it sends with
	s.RecvEvent = l.eventPT
	s.Event = s.Event && l.events
	l.chosen, l.events = s.Codec, s.Event
	return s, nil
}

// take finds the m-line to use: the dialog's own while it lasts, else the first
// that fits.
func (l *Local) take(ms []media, want Direction) (int, Session, error) {
	order := make([]int, 0, len(ms)+1)
	if len(l.slots) > 0 {
		order = append(order, l.ours)
	}
	for i := range ms {
		order = append(order, i)
	}
	var first error
	for _, i := range order {
		if ms[i].port == 0 || !ms[i].audio() {
			continue
		}
		s, err := agree(&ms[i], want, l.codecs)
		if err == nil {
			return i, s, nil
		}
		if first == nil {
			first = err
		}
	}
	if first == nil {
		first = misfit("it offers no RTP/AVP audio")
	}
	return 0, Session{}, first
}

// agree settles codec, numbers and direction with one audio m-line. The first
// codec of the other side that we have is taken, as RFC 3264 section 6.1 prefers.
func agree(m *media, want Direction, codecs []Codec) (Session, error) {
	s := Session{Ptime: m.ptime}
	if s.Ptime == 0 {
		s.Ptime = ptime
	}
	found := false
	for _, f := range m.formats {
		pt, ok := number(f)
		if c := m.codecs[pt]; ok && c != "" && holds(codecs, c) {
			s.Codec, s.PT, s.RecvPT, found = c, pt, pt, true
			break
		}
	}
	if !found {
		return s, misfit("no common codec: it has %s, we have %v", clip(strings.Join(m.formats, " ")), codecs)
	}
	if m.event >= 0 {
		s.Event, s.EventPT, s.RecvEvent = true, uint8(m.event), uint8(m.event)
	}
	s.Direction = want.both(m.dir.reverse())
	if m.null { // RFC 3264 section 8.4: the old form of hold, we must not send
		s.Direction = direction(false, s.Direction.Receives())
		return s, nil
	}
	s.Remote = netip.AddrPortFrom(m.addr, uint16(m.port))
	s.RTCP = m.rtcp
	return s, nil
}

func number(f string) (uint8, bool) {
	n := 0
	for i := 0; i < len(f); i++ {
		if f[i] < '0' || f[i] > '9' || n > 127 {
			return 0, false
		}
		n = n*10 + int(f[i]-'0')
	}
	return uint8(n), f != "" && n <= 127
}

func slotsOf(ms []media) []slot {
	out := make([]slot, len(ms))
	for i, m := range ms {
		out[i] = slot{kind: m.kind, proto: m.proto}
		if len(m.formats) > 0 {
			out[i].format = m.formats[0]
		}
	}
	return out
}

// format is one payload type of ours.
type format struct {
	pt   uint8
	name string
}

// write returns our description. RFC 3264 section 5 and 8: the session id stays,
// the version grows by one when the description changes and else stays too.
func (l *Local) write(fs []format, dir Direction) []byte {
	family := "IP4"
	if l.addr.Addr().Is6() {
		family = "IP6"
	}
	ip := l.addr.Addr().WithZone("").String()
	var b strings.Builder
	fmt.Fprintf(&b, "s=-\r\nc=IN %s %s\r\nt=0 0\r\n", family, ip)
	for i, s := range l.slots {
		if i != l.ours {
			f := s.format
			if f == "" {
				f = "0"
			}
			fmt.Fprintf(&b, "m=%s 0 %s %s\r\n", s.kind, s.proto, f)
			continue
		}
		fmt.Fprintf(&b, "m=audio %d RTP/AVP", l.addr.Port())
		for _, f := range fs {
			fmt.Fprintf(&b, " %d", f.pt)
		}
		b.WriteString("\r\n")
		for _, f := range fs {
			fmt.Fprintf(&b, "a=rtpmap:%d %s/8000\r\n", f.pt, f.name)
			if f.name == "telephone-event" {
				fmt.Fprintf(&b, "a=fmtp:%d 0-15\r\n", f.pt)
			}
		}
		fmt.Fprintf(&b, "a=ptime:%d\r\na=%s\r\n", ptime.Milliseconds(), dir)
	}
	rest := b.String()
	if rest != l.last {
		if l.last != "" {
			l.version++
		}
		l.last = rest
	}
	l.sent = fmt.Sprintf("v=0\r\no=- %d %d IN %s %s\r\n%s", l.id, l.id+l.version, family, ip, rest)
	return []byte(l.sent)
}
