package sipua

import (
	"slices"
	"sync"
	"time"

	"github.com/emiago/sipgo/sip"
)

// stuckLimit is how long a mailbox waits for a request that was seen on the
// wire but that the transaction layer swallowed, before it goes on without it.
const stuckLimit = 100 * time.Millisecond

// rememberBranches is how many transactions of one Call-ID are told apart from
// their repetitions.
const rememberBranches = 32

// post is the mail of all Call-IDs. The transaction layer starts a goroutine for
// each message, so messages of one dialog overtake each other. The order in
// which they came is noted while they are read, and each mailbox hands them out
// in that order, one at a time.
type post struct {
	handle func(*mailbox, letter)

	mu    sync.Mutex
	boxes map[string]*mailbox
}

// mailbox is the ordered queue of one Call-ID. Its goroutine runs only while
// there is something to do.
type mailbox struct {
	post     *post
	id       string
	queue    []*letter
	running  bool
	stuck    *time.Timer
	branches []string

	call *call     // of this Call-ID; only the mailbox's goroutine may touch it
	reg  *trunkReg // or our registration at a trunk; written with post.mu held
}

// letter is one thing to do for a Call-ID: a request with its transaction, or fn.
type letter struct {
	req   *sip.Request
	tx    *sip.ServerTx // nil: nothing is to be done
	fresh bool          // it came without a To tag
	ready bool
	fn    func(*mailbox)
}

// box returns the mailbox of id. The caller holds mu.
func (p *post) box(id string) *mailbox {
	b := p.boxes[id]
	if b == nil {
		b = &mailbox{post: p, id: id}
		p.boxes[id] = b
	}
	return b
}

// seen notes that req came over the wire just now. Repetitions, and the ACK and
// CANCEL that belong to a transaction, have the branch of an earlier request and
// never come to deliver; they get no place in the queue.
func (p *post) seen(req *sip.Request) {
	id, via := req.CallID(), req.Via()
	if id == nil || via == nil {
		return
	}
	branch, _ := via.Params.Get("branch")
	p.mu.Lock()
	defer p.mu.Unlock()
	if req.IsCancel() || req.IsAck() && p.boxes[id.Value()] == nil {
		return // it belongs to a transaction that is over for us, such as a challenged INVITE
	}
	b := p.box(id.Value())
	if slices.Contains(b.branches, branch) {
		p.sweep(b)
		return
	}
	if len(b.branches) == rememberBranches {
		b.branches = b.branches[1:]
	}
	b.branches = append(b.branches, branch)
	b.queue = append(b.queue, &letter{req: req})
	p.kick(b)
}

// deliver fills the place that seen kept for req and lets the mailbox go on.
// A nil tx means that the request is dealt with.
func (p *post) deliver(req *sip.Request, tx *sip.ServerTx, fresh bool) {
	id := req.CallID()
	if id == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	b := p.box(id.Value())
	at := slices.IndexFunc(b.queue, func(l *letter) bool { return l.req == req })
	if at < 0 {
		b.queue = append(b.queue, &letter{req: req})
		at = len(b.queue) - 1
	}
	l := b.queue[at]
	l.tx, l.fresh, l.ready = tx, fresh, true
	p.kick(b)
}

// do queues fn for the mailbox of id.
func (p *post) do(id string, fn func(*mailbox)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	b := p.box(id)
	b.queue = append(b.queue, &letter{fn: fn, ready: true})
	p.kick(b)
}

// keep gives a mailbox to the keeper of a trunk.
func (p *post) keep(r *trunkReg) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.box(r.id).reg = r
}

// dismiss takes the keeper away from its mailbox and returns it.
func (b *mailbox) dismiss() *trunkReg {
	b.post.mu.Lock()
	defer b.post.mu.Unlock()
	r := b.reg
	b.reg = nil
	return r
}

// kick starts the mailbox's goroutine if its first letter can be opened. The
// caller holds mu.
func (p *post) kick(b *mailbox) {
	if b.running {
		return
	}
	if len(b.queue) == 0 {
		p.sweep(b)
		return
	}
	if !b.queue[0].ready {
		if b.stuck == nil {
			first := b.queue[0]
			b.stuck = time.AfterFunc(stuckLimit, func() { p.giveUp(b, first) })
		}
		return
	}
	if b.stuck != nil {
		b.stuck.Stop()
		b.stuck = nil
	}
	b.running = true
	go p.run(b)
}

// giveUp takes a letter away whose transaction never came.
func (p *post) giveUp(b *mailbox, l *letter) {
	p.mu.Lock()
	defer p.mu.Unlock()
	b.stuck = nil
	if at := slices.Index(b.queue, l); at >= 0 && !l.ready {
		b.queue = slices.Delete(b.queue, at, at+1)
	}
	p.kick(b)
}

// run opens letters until one is not ready or none is left.
func (p *post) run(b *mailbox) {
	p.mu.Lock()
	for len(b.queue) > 0 && b.queue[0].ready {
		l := b.queue[0]
		b.queue = b.queue[1:]
		p.mu.Unlock()
		if l.fn != nil {
			l.fn(b)
		} else if l.tx != nil {
			p.handle(b, *l)
		}
		p.mu.Lock()
	}
	b.running = false
	p.kick(b)
	p.mu.Unlock()
}

// sweep forgets a mailbox with nothing in it. The caller holds mu.
func (p *post) sweep(b *mailbox) {
	if len(b.queue) == 0 && !b.running && b.call == nil && b.reg == nil {
		delete(p.boxes, b.id)
	}
}

// size is how many Call-IDs are remembered.
func (p *post) size() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.boxes)
}
