package guard

// Begin calls a function beside what its caller does next. The function that it returns waits for
// the results. A panic is the error.
//
//	group := guard.Begin(func() (Group, error) { return readGroup(ctx, id) })
//	allocation, err := readAllocation(ctx, id)
//	…
//	found, err := group()
func Begin[T any](call func() (T, error)) (wait func() (T, error)) {
	var result T
	var err error
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer Catch(func(p *PanicError) { err = p })
		result, err = call()
	}()
	return func() (T, error) {
		<-done
		return result, err
	}
}
