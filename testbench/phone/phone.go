// Package phone is a SIP telephone for tests: it registers, calls, rings,
// answers, refuses, holds, speaks and listens as a script says, over a network
// in memory or over real sockets.
//
//	p, err := phone.New(phone.Memory(net), "10.0.0.21:5060", phone.Account{
//		User: "201", Password: "x", Server: netip.MustParseAddrPort("10.0.0.1:5060")})
//	defer p.Close()
//	p.OnCall = func(c *phone.Call) { c.Ring(); c.Answer() }
//	err = p.Register(ctx)
//	c := p.Call("202")
//	err = c.WaitUp(ctx)
//	c.Tone(440); c.SendDigits("123#", phone.RFC4733); heard := c.Heard()
//	c.HangUp()
//
// It shares no code with the appliance but the parser and the transactions of
// sipgo, so that a mistake of the one is not hidden by the same mistake of the
// other.
package phone

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"syscall"

	"github.com/emiago/sipgo/sip"

	"github.com/centralita/centralita/testbench/memnet"
)

// Network gives a phone its sockets.
type Network interface {
	ListenPacket(addr string) (net.PacketConn, error)
	Dial(ctx context.Context, from, to string) (net.Conn, error)
}

// Memory is the network of n.
func Memory(n *memnet.Net) Network { return memory{n} }

type memory struct{ n *memnet.Net }

func (m memory) ListenPacket(addr string) (net.PacketConn, error) { return m.n.ListenPacket(addr) }
func (m memory) Dial(ctx context.Context, from, to string) (net.Conn, error) {
	return m.n.Dial(ctx, from, to)
}

// Real is the network of the machine.
func Real() Network { return machine{} }

type machine struct{}

func (machine) ListenPacket(addr string) (net.PacketConn, error) {
	return net.ListenPacket("udp", addr)
}
func (machine) Dial(ctx context.Context, from, to string) (net.Conn, error) {
	var d net.Dialer
	return d.DialContext(ctx, "tcp", to)
}

// Account is who the phone is and how it behaves on the wire.
type Account struct {
	User, Password string
	Name           string         // display name, written as it is between quotes
	Server         netip.AddrPort // registrar and proxy
	Domain         string         // of its address; empty: the server's address
	TCP            bool
	Claim          netip.AddrPort // the address it believes to have, as behind NAT; zero: its own
	Expires        int            // seconds; 0: 300
	Codecs         []int          // payload types of its offers and answers; nil: 8, 0
	NoEvents       bool           // no telephone-event
	LateOffer      bool           // calls without SDP, and answers the offer in its ACK
	NoACK          bool           // never confirms an answer
	// First sees each request that comes in, from the socket's opening on; true: dealt with.
	First func(*sip.Request, *sip.ServerTx) bool
}

// Phone is one telephone. Set the On functions before the first call.
type Phone struct {
	OnCall  func(*Call)         // an incoming call; nil: it rings and nobody answers
	Sent    func(m sip.Message) // sees each request before it is sent; may change it
	Trouble func(error)         // a refresh of Stay failed; nil: ignored

	net  Network
	acc  Account
	addr netip.AddrPort
	sock net.PacketConn
	conn net.Conn
	tpl  *sip.TransportLayer
	txl  *sip.TransactionLayer
	done chan struct{}
	work sync.WaitGroup

	mu    sync.Mutex
	calls map[string]*Call
	acks  map[string]*sip.Request
	last  *Call
	regID string
	seq   uint32
}

// New opens a phone at addr, "host:port".
func New(n Network, addr string, acc Account) (*Phone, error) {
	sock, err := n.ListenPacket(addr)
	if err != nil {
		return nil, err
	}
	local, err := netip.ParseAddrPort(sock.LocalAddr().String())
	if err != nil {
		return nil, errors.Join(err, sock.Close())
	}
	p := &Phone{net: n, acc: acc, addr: local, sock: sock, done: make(chan struct{}),
		calls: map[string]*Call{}, acks: map[string]*sip.Request{}, regID: rand.Text()}
	quiet := slog.New(slog.DiscardHandler)
	p.tpl = sip.NewTransportLayer(&net.Resolver{}, sip.NewParser(), nil, sip.WithTransportLayerLogger(quiet),
		sip.WithTransportLayerTransports(sip.TransportsConfig{TCP: &sip.TransportTCP{DialerCreate: neverDial}}))
	// sipgo opens sockets of its own for addresses it has no connection for, as
	// after the plug was pulled. So it always finds this one.
	wire := &sip.UDPConnection{PacketConn: sock, PacketAddr: local.String(), Listener: true}
	p.tpl.OnMessage(func(m sip.Message) {
		if !sip.IsReliable(m.Transport()) {
			p.tpl.Pool("udp").Add(m.Source(), wire)
		}
	})
	p.txl = sip.NewTransactionLayer(p.tpl, sip.WithTransactionLayerLogger(quiet),
		sip.WithTransactionLayerUnhandledResponseHandler(p.stray))
	p.txl.OnRequest(p.request)
	served := &noticed{PacketConn: sock, read: make(chan struct{})}
	p.work.Go(func() {
		// It ends when the socket is closed, and that is no error.
		if err := p.tpl.ServeUDP(served); err != nil {
			quiet.Info("the phone's socket ended", "err", err)
		}
	})
	<-served.read
	p.tpl.Pool("udp").Add(local.String(), wire)
	return p, nil
}

func neverDial(net.Addr) net.Dialer {
	return net.Dialer{Control: func(string, string, syscall.RawConn) error { return errors.New("the connection is gone") }}
}

// noticed is a socket that tells when it is first read: then sipgo can find it.
type noticed struct {
	net.PacketConn
	once sync.Once
	read chan struct{}
}

// ReadFrom implements net.PacketConn.
func (n *noticed) ReadFrom(b []byte) (int, net.Addr, error) {
	n.once.Do(func() { close(n.read) })
	return n.PacketConn.ReadFrom(b)
}

// Addr is the address of the phone's socket.
func (p *Phone) Addr() netip.AddrPort { return p.addr }

// Close hangs nothing up: the phone vanishes as if its plug were pulled.
func (p *Phone) Close() {
	p.mu.Lock()
	select {
	case <-p.done:
		p.mu.Unlock()
		return
	default:
	}
	close(p.done)
	calls := make([]*Call, 0, len(p.calls))
	for _, c := range p.calls {
		calls = append(calls, c)
	}
	conn := p.conn
	p.mu.Unlock()
	p.txl.Close()
	closeQuietly(p.sock)
	if conn != nil {
		closeQuietly(conn)
	}
	for _, c := range calls {
		c.finish(0, "the phone vanished")
	}
	p.work.Wait()
}

// Vanish is Close under the name a script wants.
func (p *Phone) Vanish() { p.Close() }

func closeQuietly(c interface{ Close() error }) {
	if err := c.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
		slog.Debug("closing a phone's socket", "err", err)
	}
}

func (p *Phone) domain() string {
	if p.acc.Domain != "" {
		return p.acc.Domain
	}
	return p.acc.Server.Addr().String()
}

func (p *Phone) uri(user string) sip.Uri {
	return sip.Uri{Scheme: "sip", User: user, Host: p.domain()}
}

// claimed is the address that the phone tells others.
func (p *Phone) claimed() netip.AddrPort {
	if p.acc.Claim.IsValid() {
		return p.acc.Claim
	}
	return p.addr
}

func (p *Phone) contact() *sip.ContactHeader {
	at := p.claimed()
	u := sip.Uri{Scheme: "sip", User: p.acc.User, Host: at.Addr().String(), Port: int(at.Port())}
	if p.acc.TCP {
		u.UriParams.Add("transport", "tcp")
	}
	return &sip.ContactHeader{Address: u}
}

func (p *Phone) transport() string {
	if p.acc.TCP {
		return "TCP"
	}
	return "UDP"
}

// newRequest builds a request with a From of this phone.
func (p *Phone) newRequest(m sip.RequestMethod, to sip.Uri, id string, seq uint32, tag string, remote sip.Uri, remoteTag string) *sip.Request {
	req := sip.NewRequest(m, to)
	from := &sip.FromHeader{DisplayName: p.acc.Name, Address: p.uri(p.acc.User)}
	from.Params.Add("tag", tag)
	target := &sip.ToHeader{Address: remote}
	if remoteTag != "" {
		target.Params.Add("tag", remoteTag)
	}
	req.AppendHeader(from)
	req.AppendHeader(target)
	cid := sip.CallIDHeader(id)
	req.AppendHeader(&cid)
	req.AppendHeader(&sip.CSeqHeader{SeqNo: seq, MethodName: m})
	hops := sip.MaxForwardsHeader(70)
	req.AppendHeader(&hops)
	req.AppendHeader(sip.NewHeader("User-Agent", "testbench phone"))
	return req
}

// prepare gives req a Via and its way to the server.
func (p *Phone) prepare(req *sip.Request) error {
	if req.Via() == nil {
		at := p.claimed()
		via := &sip.ViaHeader{ProtocolName: "SIP", ProtocolVersion: "2.0", Transport: p.transport(), Host: at.Addr().String(), Port: int(at.Port())}
		via.Params.Add("branch", "z9hG4bK"+rand.Text())
		req.PrependHeader(via)
	}
	if req.Body() == nil {
		req.SetBody(nil)
	}
	req.SetTransport(p.transport())
	req.SetDestination(p.acc.Server.String())
	if p.acc.TCP {
		if err := p.connect(); err != nil {
			return err
		}
	} else {
		req.Laddr = sip.Addr{IP: net.IP(p.addr.Addr().AsSlice()), Port: int(p.addr.Port())}
	}
	if p.Sent != nil {
		p.Sent(req)
	}
	return nil
}

// do sends a request and waits for its final answer.
func (p *Phone) do(ctx context.Context, req *sip.Request) (*sip.Response, error) {
	if err := p.prepare(req); err != nil {
		return nil, err
	}
	tx, err := p.txl.Request(context.Background(), req)
	if err != nil {
		return nil, err
	}
	if req.IsInvite() {
		tx.OnRetransmission(p.confirmAgain)
	}
	for {
		select {
		case res := <-tx.Responses():
			switch {
			case res.IsProvisional():
			case req.IsInvite() && !res.IsSuccess():
				p.refused(req, res)
				tx.Terminate()
				return res, nil
			default:
				p.drain(tx)
				return res, nil
			}
		case <-tx.Done():
			return nil, tx.Err()
		case <-ctx.Done():
			tx.Terminate()
			return nil, ctx.Err()
		}
	}
}

// drain takes what a transaction still passes up, until it ends.
func (p *Phone) drain(tx sip.ClientTransaction) {
	p.work.Go(func() {
		for {
			select {
			case <-tx.Responses():
			case <-tx.Done():
				return
			}
		}
	})
}

// request gets each incoming request.
func (p *Phone) request(req *sip.Request, tx *sip.ServerTx) {
	if p.acc.First != nil && p.acc.First(req, tx) {
		return
	}
	if req.IsAck() {
		tx.Terminate()
	}
	p.mu.Lock()
	c := p.calls[req.CallID().Value()]
	p.mu.Unlock()
	_, tagged := req.To().Params.Get("tag")
	switch {
	case c != nil && tagged:
		c.within(req, tx)
	case req.IsInvite() && !tagged:
		p.invited(req, tx)
	case req.Method == sip.OPTIONS:
		p.respond(req, tx, 200, "OK", nil)
	case req.IsAck():
	default:
		p.respond(req, tx, 481, "Call/Transaction Does Not Exist", nil)
	}
}

// respond answers a request; a body is SDP.
func (p *Phone) respond(req *sip.Request, tx *sip.ServerTx, code int, reason string, body []byte) {
	res := sip.NewResponseFromRequest(req, code, reason, nil)
	if req.IsInvite() && code > 100 {
		res.AppendHeader(p.contact())
	}
	if body != nil {
		res.AppendHeader(sip.NewHeader("Content-Type", "application/sdp"))
		res.SetBody(body)
	}
	if err := tx.Respond(res); err != nil {
		slog.Debug("a phone cannot answer", "err", err)
	}
}

// Calls lists the calls that have not ended.
func (p *Phone) Calls() []*Call {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := make([]*Call, 0, len(p.calls))
	for _, c := range p.calls {
		out = append(out, c)
	}
	return out
}

// Last is the latest call, incoming or outgoing, even when it has ended; nil: none yet.
func (p *Phone) Last() *Call {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.last
}

func (p *Phone) add(c *Call) {
	p.mu.Lock()
	p.calls[c.id] = c
	p.last = c
	p.mu.Unlock()
}

func (p *Phone) remove(c *Call) {
	p.mu.Lock()
	delete(p.calls, c.id)
	p.mu.Unlock()
}
