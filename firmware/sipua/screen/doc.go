// Package screen is the validation layer between the sockets and sipgo: it reads
// every message by the grammar of RFC 3261 before sipgo sees a byte, refuses what
// sipgo would swallow in silence or take wrongly, and hands on the rest in one
// canonical form. Two readers of one message therefore never disagree.
//
// Rules decide about one message and are pure; Screen applies them to sockets:
//
//	s := screen.New(screen.Config{
//		Rules:     screen.Rules{Methods: …, Supported: …, Secret: random,
//			Strangers: []string{"REGISTER", "INVITE", "ACK", "CANCEL", "BYE"}}, // nil: silence
//		Known: func(a netip.Addr) bool { trunk, registered phone or allowed network },
//		Log:       log,
//	})
//	ua, _ := sipgo.NewUA(sipgo.WithUserAgentTransportLayerOptions(
//		sip.WithTransportLayerReadFilter(s.Filter)))     // sockets that sipgo opens itself
//	srv.ServeUDP(s.PacketConn(udp))                        // our UDP socket
//	srv.ServeTCP(s.Listener(tcp))                          // our TCP socket
//
// A datagram that is refused never leaves ReadFrom; its answer goes back through
// the same socket, to the address it came from. On TCP the wrapping connection
// frames the stream itself, so one Read of sipgo never sees half a message or
// two. sipgo's own log prints whole messages: give it QuietLog.
//
// What a handler can rely on behind the screen: exactly one From, To, Call-ID
// and CSeq, all well formed; at least one Via with a branch; CSeq method equals
// the method; a Request-URI of scheme sip or sips without headers; a method of
// Rules.Methods; no Require that is not in Rules.Supported; an INVITE has a
// Contact and its body, if any, is application/sdp; a response has exactly one
// Via. Messages of RFC 2543 peers (no branch, no tag) are taken over UDP from
// known addresses: branch and From tag are filled in here and taken out again on
// the way back, so that sipgo and the handlers never meet them.
package screen
