package acd

// order is a list kept sorted by (at, seq) in which insertion, removal, the
// i-th element and the place of an element all take logarithmic time: a treap
// whose nodes know the size of their subtree. Keys are unique.
type order[T any] struct {
	root *node[T]
	free *node[T] // removed nodes, linked by left, to be used again
	seed uint64
}

// key is the place in an order: earlier instants first, then the sequence.
type key struct {
	at  int64
	seq uint64
}

// less reports whether k comes before o.
func (k key) less(o key) bool { return k.at < o.at || k.at == o.at && k.seq < o.seq }

type node[T any] struct {
	key         key
	val         *T
	weight      uint64 // heap order: a parent's is not smaller than its children's
	size        int
	left, right *node[T]
}

func (n *node[T]) count() int {
	if n == nil {
		return 0
	}
	return n.size
}

func (n *node[T]) sum() { n.size = 1 + n.left.count() + n.right.count() }

// len returns the number of elements.
func (t *order[T]) len() int { return t.root.count() }

// add puts v at the place k.
func (t *order[T]) add(k key, v *T) {
	n := t.free
	if n == nil {
		n = new(node[T])
	} else {
		t.free = n.left
	}
	t.seed += 0x9E3779B97F4A7C15 // splitmix64
	w := (t.seed ^ t.seed>>30) * 0xBF58476D1CE4E5B9
	w = (w ^ w>>27) * 0x94D049BB133111EB
	*n = node[T]{key: k, val: v, weight: w ^ w>>31, size: 1}
	t.root = insert(t.root, n)
}

// insert returns the tree at p with n in it.
func insert[T any](p, n *node[T]) *node[T] {
	if p == nil {
		return n
	}
	if n.weight > p.weight {
		n.left, n.right = split(p, n.key)
		n.sum()
		return n
	}
	if n.key.less(p.key) {
		p.left = insert(p.left, n)
	} else {
		p.right = insert(p.right, n)
	}
	p.size++
	return p
}

// split parts the tree at p into what comes before k and the rest.
func split[T any](p *node[T], k key) (before, rest *node[T]) {
	if p == nil {
		return nil, nil
	}
	if p.key.less(k) {
		p.right, rest = split(p.right, k)
		p.sum()
		return p, rest
	}
	before, p.left = split(p.left, k)
	p.sum()
	return before, p
}

// merge joins two trees of which a comes wholly before b.
func merge[T any](a, b *node[T]) *node[T] {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	case a.weight > b.weight:
		a.right = merge(a.right, b)
		a.sum()
		return a
	}
	b.left = merge(a, b.left)
	b.sum()
	return b
}

// remove takes the element at k out and reports whether it was there.
func (t *order[T]) remove(k key) bool {
	if !t.has(k) {
		return false
	}
	at := &t.root
	for (*at).key != k {
		(*at).size--
		if k.less((*at).key) {
			at = &(*at).left
		} else {
			at = &(*at).right
		}
	}
	gone := *at
	*at = merge(gone.left, gone.right)
	*gone = node[T]{left: t.free}
	t.free = gone
	return true
}

// has reports whether an element is at k.
func (t *order[T]) has(k key) bool {
	n := t.root
	for n != nil && n.key != k {
		if k.less(n.key) {
			n = n.left
		} else {
			n = n.right
		}
	}
	return n != nil
}

// at returns the i-th element, 0 being the first, or nil.
func (t *order[T]) at(i int) *T {
	n := t.root
	if i < 0 || i >= n.count() {
		return nil
	}
	for {
		l := n.left.count()
		switch {
		case i < l:
			n = n.left
		case i == l:
			return n.val
		default:
			i -= l + 1
			n = n.right
		}
	}
}

// rank returns how many elements come before k.
func (t *order[T]) rank(k key) int {
	r, n := 0, t.root
	for n != nil {
		if n.key.less(k) {
			r += n.left.count() + 1
			n = n.right
		} else {
			n = n.left
		}
	}
	return r
}
