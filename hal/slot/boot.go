package slot

// Chances is how often in a row the good slot is started without coming up before the
// boot loader believes that it will not.
const Chances = 4

// MaxFails bounds Fails and Tries: one digit reads alike in every base.
const MaxFails = 9

// Start is what the boot loader starts.
type Start struct {
	Slot    ID   // None: the recovery system
	Trial   bool // it falls back unless it is declared good
	Counted bool // the start is in the record, and is to be struck out once all is well
}

// Boot is the rule of the boot loader. r is the record, known tells whether a
// whole copy was found, loads whether kernel, initramfs and device tree of a slot
// can be read. save is called with each changed record before the start that it
// permits, and must have made it durable; it may fail, and the start goes on.
//
//  1. Without a record: a, then b, then recovery.
//  2. A slot is on trial and has starts left: count one down, save, start it. One
//     that cannot be loaded is given up at once ("b/unbootable").
//  3. A slot is on trial and has none left: it is given up ("b/ended"), save.
//  4. Count the start in Fails, save, and start the good slot; where it cannot be
//     loaded, the other if it is fit; else recovery.
//  5. After Chances starts that came to nothing ("a/starts"): once the other slot if
//     it is fit, then recovery, which begins the count anew.
//
// A slot is fit when it holds an image whose number is not below the floor. A trial whose
// count cannot be saved would never end, so it is not begun; a start that cannot be
// counted is made all the same, and is always one of the good slot. The recovery system
// does not last: left alone it restarts, so that a site comes back by itself.
func Boot(r Record, known bool, loads func(ID) bool, save func(Record) error) Start {
	if !known {
		return Start{Slot: first(loads, A, B)}
	}
	if r.Try != None {
		why := string(r.Try) + "/ended"
		if r.Tries > 0 && r.Of(r.Try).Full() {
			begun := r
			begun.Tries--
			if save(begun) != nil {
				return standing(r, loads, save)
			}
			if r = begun; loads(r.Try) {
				return Start{Slot: r.Try, Trial: true}
			}
			why = string(r.Try) + "/unbootable"
		}
		r.Try, r.Tries, r.Why = None, 0, why
		_ = save(r) // it is given up again at the next start
	}
	return standing(r, loads, save)
}

// standing starts what stands without a trial.
func standing(r Record, loads func(ID) bool, save func(Record) error) Start {
	other := r.Good.Other()
	if i := r.Of(other); !i.Full() || i.Number < r.Floor {
		other = None
	}
	next, order := r, []ID{r.Good, other}
	next.Fails++
	if r.Fails >= Chances {
		next.Why, order = string(r.Good)+"/starts", []ID{other}
	}
	if r.Fails > Chances || r.Fails == Chances && other == None {
		next.Fails, order = 0, nil
	}
	counted := save(next) == nil
	if counted {
		r = next
	} else {
		order = []ID{r.Good, other}
	}
	if id := first(loads, order...); id != None {
		return Start{Slot: id, Counted: counted}
	}
	if r.Fails != 0 {
		r.Fails = 0
		_ = save(r) // else the recovery comes sooner the next time
	}
	return Start{}
}

// first returns the first slot that can be loaded.
func first(loads func(ID) bool, ids ...ID) ID {
	for _, id := range ids {
		if id != None && loads(id) {
			return id
		}
	}
	return None
}
