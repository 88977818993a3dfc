package sandbox

// ring keeps the latest values that were added.
type ring[T any] struct {
	keep   int // at most
	values []T
	added  int // in all
}

// add adds a value and returns its number, for at.
func (r *ring[T]) add(v T) int {
	n := r.added
	r.added++
	switch {
	case r.keep <= 0:
	case len(r.values) < r.keep:
		r.values = append(r.values, v)
	default:
		r.values[n%r.keep] = v
	}
	return n
}

// at returns the value of that number, or nil where it is no longer kept.
func (r *ring[T]) at(n int) *T {
	if n < r.added-len(r.values) || n >= r.added {
		return nil
	}
	return &r.values[n%r.keep]
}

// all returns a copy of what is kept, oldest first.
func (r *ring[T]) all() []T {
	list := make([]T, 0, len(r.values))
	for n := r.added - len(r.values); n < r.added; n++ {
		list = append(list, *r.at(n))
	}
	return list
}
