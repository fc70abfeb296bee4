package phone

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/emiago/sipgo/sip"
	"github.com/icholy/digest"
)

// Register signs the phone on and waits for the answer. It does not refresh by itself.
func (p *Phone) Register(ctx context.Context) error {
	return p.register(ctx, p.expires())
}

// Unregister signs the phone off.
func (p *Phone) Unregister(ctx context.Context) error { return p.register(ctx, 0) }

func (p *Phone) register(ctx context.Context, expires int) error {
	var auth sip.Header
	for range 3 {
		p.mu.Lock()
		p.seq++
		seq := p.seq
		p.mu.Unlock()
		req := p.newRequest(sip.REGISTER, sip.Uri{Scheme: "sip", Host: p.domain()}, p.regID, seq, "reg", p.uri(p.acc.User), "")
		req.AppendHeader(p.contact())
		req.AppendHeader(sip.NewHeader("Expires", strconv.Itoa(expires)))
		if auth != nil {
			req.AppendHeader(auth)
		}
		res, err := p.do(ctx, req)
		if err != nil {
			return fmt.Errorf("cannot register %s: %w", p.acc.User, err)
		}
		switch {
		case res.IsSuccess():
			return nil
		case (res.StatusCode == 401 || res.StatusCode == 407) && auth == nil:
			if auth, err = p.credentials(req, res); err != nil {
				return fmt.Errorf("cannot register %s: %w", p.acc.User, err)
			}
		default:
			return fmt.Errorf("cannot register %s: %d %s", p.acc.User, res.StatusCode, res.Reason)
		}
	}
	return fmt.Errorf("cannot register %s: asked for a password again and again", p.acc.User)
}

// credentials answers a challenge.
func (p *Phone) credentials(req *sip.Request, res *sip.Response) (sip.Header, error) {
	in, out := "WWW-Authenticate", "Authorization"
	if res.StatusCode == 407 {
		in, out = "Proxy-Authenticate", "Proxy-Authorization"
	}
	h := res.GetHeader(in)
	if h == nil {
		return nil, errors.New("a challenge without " + in)
	}
	ch, err := digest.ParseChallenge(h.Value())
	if err != nil {
		return nil, err
	}
	cred, err := digest.Digest(ch, digest.Options{Method: string(req.Method), URI: req.Recipient.String(),
		Username: p.acc.User, Password: p.acc.Password, Count: 1})
	if err != nil {
		return nil, err
	}
	return sip.NewHeader(out, cred.String()), nil
}

// Stay signs the phone on and keeps it signed on until it is closed, trying
// again every half of its time. The answer is that of the first try.
func (p *Phone) Stay(ctx context.Context) error {
	if err := p.Register(ctx); err != nil {
		return err
	}
	p.work.Go(func() {
		t := time.NewTicker(time.Duration(p.expires()) * time.Second / 2)
		defer t.Stop()
		for {
			select {
			case <-t.C:
				ctx, cancel := context.WithTimeout(context.Background(), 40*time.Second)
				err := p.Register(ctx)
				cancel()
				if err != nil && p.Trouble != nil {
					p.Trouble(err)
				}
			case <-p.done:
				return
			}
		}
	})
	return nil
}

func (p *Phone) expires() int {
	if p.acc.Expires == 0 {
		return 300
	}
	return p.acc.Expires
}
