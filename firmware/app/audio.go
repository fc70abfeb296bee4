package app

import (
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"log/slog"
	"net/netip"
	"sync"
	"sync/atomic"

	"github.com/centralita/centralita/dsp/tone/plan"
	"github.com/centralita/centralita/firmware/media"
	"github.com/centralita/centralita/firmware/media/player"
	"github.com/centralita/centralita/firmware/media/portleg"
	"github.com/centralita/centralita/firmware/media/rtpleg"
	"github.com/centralita/centralita/firmware/prompt"
	"github.com/centralita/centralita/firmware/sipua"
	"github.com/centralita/centralita/firmware/tel"
)

// audio is the media engine as exchange and SIP shell need it: it knows which
// endpoint a leg has, and keeps orders for a SIP leg until that has one.
type audio struct {
	engine  *media.Engine
	pool    *rtpleg.Pool
	prompts *prompt.Pack
	plan    plan.Plan
	pumps   map[tel.PortID]*portleg.Pump
	log     *slog.Logger
	lines   atomic.Pointer[map[tel.PortID]plan.Plan] // what each line sounds like

	advertise func() netip.Addr // what SDP says when sockets listen on every address

	mu  sync.Mutex
	sip map[tel.LegID]*sipAudio
}

// sipAudio is one SIP leg between the first word of it and its end.
type sipAudio struct {
	leg      *rtpleg.Leg // once sockets are open
	call     tel.CallID
	known    bool // the exchange has said which call it is of
	attached bool
	codec    string
	waiting  []func() // orders that came before it was attached
}

// Open implements sipua.Media.
func (a *audio) Open(id tel.LegID) (netip.AddrPort, error) {
	pair, err := a.pool.Open()
	if err != nil {
		return netip.AddrPort{}, err
	}
	local, err := netip.ParseAddrPort(pair.RTP.LocalAddr().String())
	if err != nil {
		return netip.AddrPort{}, fmt.Errorf("cannot use RTP socket %s: %w", pair.RTP.LocalAddr(), err)
	}
	var seed [14]byte
	_, _ = rand.Read(seed[:]) // never fails: it ends the program instead
	leg := rtpleg.New(rtpleg.Config{
		Sockets: pair, Log: a.log, CNAME: rand.Text(),
		SSRC: binary.BigEndian.Uint32(seed[:]), Timestamp: binary.BigEndian.Uint32(seed[4:]), Seq: binary.BigEndian.Uint16(seed[8:]),
	})
	a.mu.Lock()
	defer a.mu.Unlock()
	s := a.of(id)
	s.leg = leg
	a.attach(id, s)
	addr := local.Addr().Unmap()
	if addr.IsUnspecified() {
		addr = a.advertise()
	}
	return netip.AddrPortFrom(addr, local.Port()), nil
}

// of returns the entry of a leg, made when there is none. a.mu is held.
func (a *audio) of(id tel.LegID) *sipAudio {
	s := a.sip[id]
	if s == nil {
		s = &sipAudio{}
		a.sip[id] = s
	}
	return s
}

// attach gives the leg to the engine once both its sockets and its call are
// known, and carries out what was ordered meanwhile. a.mu is held.
func (a *audio) attach(id tel.LegID, s *sipAudio) {
	if s.leg == nil || !s.known || s.attached {
		return
	}
	s.attached = true
	if err := a.engine.Attach(media.Leg{ID: id, Call: s.call, Endpoint: s.leg, DTMF: true}); err != nil {
		a.log.Error("audio", "leg", id, "err", err)
	}
	for _, do := range s.waiting {
		do()
	}
	s.waiting = nil
}

// Set implements sipua.Media.
func (a *audio) Set(id tel.LegID, n sipua.Session) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	s := a.sip[id]
	if s == nil || s.leg == nil {
		return nil // it was taken down while the answer was on its way
	}
	codec := rtpleg.PCMU
	if n.ALaw {
		codec = rtpleg.PCMA
	}
	s.codec = codec.String()
	s.leg.Set(rtpleg.Session{
		Remote: n.Remote, Signalling: n.Signalling, Codec: codec, PT: n.PT, EventPT: n.EventPT,
		RTCP: n.RTCP, RecvPT: n.RecvPT, RecvEventPT: n.RecvEventPT, Send: n.Send, Recv: n.Recv,
	})
	return nil
}

// Close implements sipua.Media.
func (a *audio) Close(id tel.LegID) { a.Detach(id) }

// AttachSIP implements exchange.Media.
func (a *audio) AttachSIP(call tel.CallID, id tel.LegID) {
	a.mu.Lock()
	defer a.mu.Unlock()
	s := a.of(id)
	s.call, s.known = call, true
	a.attach(id, s)
}

// Detach implements exchange.Media.
func (a *audio) Detach(id tel.LegID) {
	a.mu.Lock()
	s := a.sip[id]
	delete(a.sip, id)
	a.mu.Unlock()
	if s != nil && !s.attached {
		if s.leg == nil {
			return
		}
		if err := s.leg.Close(); err != nil {
			a.log.Error("audio", "leg", id, "err", err)
		}
		return
	}
	a.engine.Detach(id)
}

// order carries out do, or keeps it until the leg is attached.
func (a *audio) order(id tel.LegID, do func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if s := a.sip[id]; s != nil && !s.attached {
		s.waiting = append(s.waiting, do)
		return
	}
	do()
}

// Say implements exchange.Media.
func (a *audio) Say(id tel.LegID, play tel.PlayID, lang tel.Lang, say []tel.Say, music string) error {
	clips, err := a.prompts.Resolve(lang, say)
	if err != nil {
		return err
	}
	var parts []player.Part
	for _, c := range clips {
		parts = append(parts, player.Part{PCM: c})
	}
	if music != "" {
		loop, err := a.prompts.Resolve(lang, []tel.Say{{Kind: tel.SayPrompt, ID: music}})
		if err != nil {
			return err
		}
		for _, c := range loop {
			parts = append(parts, player.Part{PCM: c, Radio: true})
		}
	}
	a.order(id, func() { a.engine.Play(id, media.Play{ID: play, Parts: parts}) })
	return nil
}

// Tone implements exchange.Media.
func (a *audio) Tone(id tel.LegID, t tel.Tone) {
	spec, ok := a.spec(t)
	if !ok {
		a.Stop(id)
		return
	}
	a.order(id, func() { a.engine.Play(id, media.Play{Parts: []player.Part{{Tone: &spec}}}) })
}

// Stop implements exchange.Media.
func (a *audio) Stop(id tel.LegID) { a.order(id, func() { a.engine.Stop(id) }) }

// Join implements exchange.Media.
func (a *audio) Join(id tel.LegID, room tel.CallID) {
	a.order(id, func() { a.engine.Join(id, room) })
}

// SendDigits implements exchange.Media.
func (a *audio) SendDigits(id tel.LegID, play tel.PlayID, digits string) {
	a.order(id, func() { a.engine.SendDigits(id, play, digits) })
}
