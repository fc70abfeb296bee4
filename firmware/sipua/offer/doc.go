// Package offer is the SDP offer/answer model (RFC 3264) for one audio stream of
// G.711 with telephone events (RFC 4733).
//
// One Local belongs to one dialog and keeps what must not change between its
// descriptions: session id, version, the order of m-lines, payload numbers. Use
// it from one goroutine at a time, as a dialog's mailbox does anyway.
//
//	l := offer.New(id, rtpAddr, offer.Codecs("pcma", "pcmu"))
//	body, sess, err := l.Answer(invite.Body(), offer.SendRecv) // *Unacceptable: err.Code is 488 or 400
//	body := l.Offer(offer.SendRecv)                // INVITE of ours, or hold: offer.SendOnly
//	sess, err := l.Accept(ok.Body())               // the answer to it
package offer
