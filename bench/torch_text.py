"""Training steps of small language models in PyTorch, as fast as plain PyTorch 1.13 does them.

The nets of include/mj/text_net.h with blocks mingru and gpt: norm, causal convolution of 4, mixer,
gated layer; forward, backward, clipping and AdamW, as `mj train` steps.

    torch_text.py FILE NAME [THREADS] [REPEATS]   FILE of text_speed.c: error against it, then
                                                  seconds a token of the fastest step, as figure.h
    torch_text.py --product [THREADS]             FLOP/s of a step's products, or nothing if wrong

Before anything is timed, the net is held against ours with the weights of FILE: two losses with
an optimiser step between them, state carried on, and every gradient of the first. Exit 1 if they
differ.

Written to win: time is the first axis, so that a step of a recurrence is one contiguous piece;
norm, convolution and recurrence have their gradients written out; parameters lie in two flat
tensors, matrices and vectors, which clipping and AdamW go through whole. A recurrence is a loop
over time of fused steps, or all parts of the text at once with the state handed on afterwards; the
faster one here is taken. A cumulative product or sum of logarithms over the whole segment would
divide by what has been forgotten, which leaves the range of floats.
"""
import json
import math
import struct
import sys
import time

import torch
import torch.nn.functional as F

TAPS, EPS, ROTARY_BASE = 4, 1e-6, 10000.0
# Of losses in bits, and of gradients over their norms: the order of sums makes 1e-6.
TOLERANCE = 1e-3
WARM = 3


def read_file(path):
    """Tensors and texts of a safetensors file of floats."""
    with open(path, "rb") as file:
        content = file.read()
    length = struct.unpack("<Q", content[:8])[0]
    header = json.loads(content[8:8 + length])
    texts, tensors = header.pop("__metadata__"), {}
    for name, entry in header.items():
        first, end = (8 + length + at for at in entry["data_offsets"])
        raw = torch.frombuffer(bytearray(content[first:end]), dtype=torch.float32)
        tensors[name] = raw.view(entry["shape"])
    return tensors, texts


class Norm(torch.autograd.Function):
    """g x / sqrt(mean x^2 + eps) of rows [R, D]."""

    @staticmethod
    def forward(ctx, x, g):
        square = torch.linalg.vector_norm(x, dim=1, keepdim=True).square_()
        r = square.div_(x.shape[1]).add_(EPS).rsqrt_()
        ctx.save_for_backward(x, g, r)
        return (x * r).mul_(g)

    @staticmethod
    def backward(ctx, dy):
        x, g, r = ctx.saved_tensors
        dyx = dy * x
        pull = (dyx @ g)[:, None].mul_(r).mul_(r).mul_(r).div_(x.shape[1])
        dx = (dy * g).mul_(r).addcmul_(x, pull, value=-1)
        return dx, (r.t() @ dyx)[0]


class Convolution(torch.autograd.Function):
    """y[t] = sum_i w[i] x[t + i] of x [T + TAPS - 1, B, D], the carried inputs first."""

    @staticmethod
    def forward(ctx, x, w):
        ctx.save_for_backward(x, w)
        T = len(x) - TAPS + 1
        y = x[:T] * w[0]
        for i in range(1, TAPS):
            y.addcmul_(x[i:i + T], w[i])
        return y

    @staticmethod
    def backward(ctx, dy):
        x, w = ctx.saved_tensors
        T = len(dy)
        dx = torch.zeros_like(x)
        dw = torch.empty_like(w)
        for i in range(TAPS):
            dx[i:i + T].addcmul_(dy, w[i])
            torch.sum(x[i:i + T] * dy, (0, 1), out=dw[i])
        return dx, dw


def recur_loop(a, b, h, order=1):
    """h[t] = a[t] h[t - 1] + b[t] over the first axis; order -1: from its end, t + 1 for t - 1."""
    out = torch.empty_like(b)
    for a_t, b_t, out_t in list(zip(a.unbind(), b.unbind(), out.unbind()))[::order]:
        h = torch.addcmul(b_t, a_t, h, out=out_t)
    return out


def recur_parts(a, b, h, order=1):
    """The same, all of some sqrt(T) parts at once as if each began with nothing."""
    T, n = len(b), 1
    while n * n < T:
        n *= 2
    if T % n:
        return recur_loop(a, b, h, order)
    a, b = a.view(n, T // n, *a.shape[1:]), b.view(n, T // n, *b.shape[1:])
    out, kept = b.clone(), a.clone()
    places = range(T // n)[::order]
    for before, t in zip(places, places[1:]):
        out[:, t].addcmul_(a[:, t], out[:, before])
        kept[:, t].mul_(kept[:, before])
    start = torch.empty_like(out[:, 0])
    for part in range(n)[::order]:
        start[part] = h
        h = torch.addcmul(out[part, places[-1]], kept[part, places[-1]], h)
    out.addcmul_(kept, start[:, None])
    return out.view(T, *out.shape[2:])


class MinGru(torch.autograd.Function):
    """h of p [T, B, 3D] = (z, u, g) and the state before it."""
    recur = staticmethod(recur_loop)

    @staticmethod
    def forward(ctx, p, start):
        z, u, g = p.chunk(3, 2)
        s = torch.sigmoid(z)
        keep = 1 - s
        h = MinGru.recur(keep, s * u, start)
        gate = torch.sigmoid(g)
        silu = gate * g
        ctx.save_for_backward(p, start, s, keep, h, gate, silu)
        ctx.mark_non_differentiable(h)
        return h * silu, h

    @staticmethod
    def backward(ctx, dy, _):
        p, start, s, keep, h, gate, silu = ctx.saved_tensors
        T, B, D = h.shape
        _, u, g = p.chunk(3, 2)
        dp = torch.empty_like(p)
        dz, du, dg = dp.chunk(3, 2)
        # silu' = gate (1 + g (1 - gate)) = gate + silu (1 - gate)
        torch.mul(dy * h, torch.addcmul(gate, silu, 1 - gate), out=dg)
        nothing = torch.zeros_like(start)
        total = MinGru.recur(torch.cat([keep[1:], nothing[None]]), dy * silu, nothing, -1)
        torch.mul(total, s, out=du)
        before = torch.cat([start[None], h[:-1]])
        torch.mul(du, (u - before).mul_(keep), out=dz)
        return dp, None


class Net:
    """Parameters of a file; x [T, B, D] within."""

    def __init__(self, tensors, texts):
        self.block, self.heads = texts["block"], int(float(texts["heads"]))
        self.params = {name: w for name, w in tensors.items()
                       if not name.startswith("grad/") and name not in ("symbols", "losses")}
        self.D = self.params["embedding"].shape[1]
        self.heads = self.heads or max(1, self.D // 32)
        self.depth = sum(name.endswith(".norm1") for name in self.params)
        self.flat, self.flat_grad = [], []
        for of in ([w for w in self.params.items() if w[1].dim() > 1],
                   [w for w in self.params.items() if w[1].dim() == 1]):
            self.flatten(of)
        self.tables = None
        self.clear()

    def flatten(self, params):
        """Parameters and their gradients become views of one tensor each."""
        flat = torch.cat([w.reshape(-1) for _, w in params])
        grad, at = torch.zeros_like(flat), 0
        for name, w in params:
            n = w.numel()
            view = flat[at:at + n].view(w.shape).detach().requires_grad_()
            view.grad = grad[at:at + n].view(w.shape)
            self.params[name] = view
            at += n
        flat.grad = grad
        self.flat.append(flat)
        self.flat_grad.append(grad)

    def clear(self):
        """Nothing before the text."""
        self.past = [None] * self.depth
        self.state = [None] * self.depth

    def mix(self, i, p):
        T, B, D = p.shape[0], p.shape[1], self.D
        if self.block == "mingru":
            start = p.new_zeros(B, D) if self.state[i] is None else self.state[i]
            y, h = MinGru.apply(p, start)
            self.state[i] = h[-1]
            return y
        H, d = self.heads, D // self.heads
        q, k, v = p.view(T, B, 3, H, d).permute(2, 1, 3, 0, 4)
        cosine, sine, mask = self.attention_tables(T, d, B * H)
        q, k = self.turned(q, cosine, sine), self.turned(k, cosine, sine)
        score = torch.baddbmm(mask, q.reshape(B * H, T, d), k.reshape(B * H, T, d).transpose(1, 2))
        y = torch.bmm(score.softmax(2), v.reshape(B * H, T, d))
        return y.view(B, H, T, d).permute(2, 0, 1, 3).reshape(T, B, D)

    @staticmethod
    def turned(x, cosine, sine):
        a, b = x.chunk(2, 3)
        return torch.cat([torch.addcmul(a * cosine, b, sine, value=-1),
                          torch.addcmul(b * cosine, a, sine)], 3)

    def attention_tables(self, T, d, n):
        """Cosines and sines [T, d/2], times d^-1/4, which queries and keys both have; the mask."""
        if self.tables is None or len(self.tables[0]) != T:
            rate = ROTARY_BASE ** (-2 * torch.arange(d // 2, dtype=torch.float64) / d)
            angle = torch.arange(T, dtype=torch.float64)[:, None] * rate
            scale = d ** -0.25
            mask = torch.full((T, T), -math.inf).triu_(1)
            self.tables = [(angle.cos() * scale).float(), (angle.sin() * scale).float(), mask]
        return self.tables[0], self.tables[1], self.tables[2].expand(n, T, T)

    def loss(self, symbol, following):
        """Mean bits of following [T, B] after symbol [T, B]; the state goes on."""
        P, D = self.params, self.D
        T, B = symbol.shape
        x = F.embedding(symbol.view(-1), P["embedding"])
        for i in range(self.depth):
            w = {key: P.get("block%d.%s" % (i, key)) for key in
                 ("norm1", "conv", "in", "in.bias", "out", "norm2", "up", "down")}
            y = Norm.apply(x, w["norm1"]).view(T, B, D)
            past = y.new_zeros(TAPS - 1, B, D) if self.past[i] is None else self.past[i]
            y = torch.cat([past, y])
            self.past[i] = y[T:].detach()
            y = Convolution.apply(y, w["conv"]).view(T * B, D)
            p = torch.addmm(w["in.bias"], y, w["in"].t()).view(T, B, -1)
            y = self.mix(i, p).view(T * B, D)
            x = torch.addmm(x, y, w["out"].t())
            if w["up"] is not None:
                y = F.gelu(Norm.apply(x, w["norm2"]) @ w["up"].t(), approximate="tanh")
                x = torch.addmm(x, y, w["down"].t())
        logits = Norm.apply(x, P["norm"]) @ P["head"].t()
        return F.cross_entropy(logits, following.reshape(-1)) / math.log(2)


class Training:
    def __init__(self, tensors, texts):
        self.net = Net(tensors, texts)
        lr, beta2 = float(texts["lr"]), float(texts["beta2"])
        groups = [{"params": [flat], "weight_decay": decay} for flat, decay in
                  zip(self.net.flat, (float(texts["weight_decay"]), 0.0))]
        self.adam = torch.optim.AdamW(groups, lr=lr, betas=(0.9, beta2), eps=1e-8)
        self.clip = float(texts["clip"])

    def gradient(self, symbol, following):
        if self.net.block == "gpt":
            self.net.clear()
        for grad in self.net.flat_grad:
            grad.zero_()
        loss = self.net.loss(symbol, following)
        loss.backward()
        return loss.item()

    def update(self):
        norm = math.sqrt(sum(torch.dot(g, g).item() for g in self.net.flat_grad))
        if norm > self.clip:
            for grad in self.net.flat_grad:
                grad.mul_(self.clip / norm)
        self.adam.step()

    def step(self, symbol, following):
        self.gradient(symbol, following)
        self.update()


def largest_error(tensors, texts):
    """Against ours, with both recurrences."""
    return max(error_with(recur, tensors, texts) for recur in (recur_loop, recur_parts))


def error_with(recur, tensors, texts):
    """Largest of two losses in bits and of all gradients over their norms."""
    MinGru.recur = staticmethod(recur)
    training = Training(tensors, texts)
    batches = tensors["symbols"].long().transpose(1, 2)
    errors = []
    for k, batch in enumerate(batches):
        loss = training.gradient(batch[:-1].contiguous(), batch[1:].contiguous())
        errors.append(abs(loss - tensors["losses"][k].item()))
        if k == 0:
            for name, w in training.net.params.items():
                ours = tensors["grad/" + name]
                errors.append(((w.grad - ours).norm() / ours.norm()).item())
            training.update()
    return max(errors)


def fastest(what, repeats):
    best = math.inf
    for i in range(WARM + repeats):
        start = time.perf_counter()
        what()
        if i >= WARM:
            best = min(best, time.perf_counter() - start)
    return best


def fastest_step(tensors, texts, repeats):
    """Seconds of a step of the recipe's batch, with the faster recurrence."""
    B, T = (int(n) for n in texts["batch"].split("x"))
    text = torch.randint(len(tensors["embedding"]), (T + 1, B))
    best = math.inf
    for recur in (recur_loop, recur_parts) if texts["block"] == "mingru" else (recur_loop,):
        MinGru.recur = staticmethod(recur)
        training = Training(tensors, texts)
        best = min(best, fastest(lambda: training.step(text[:-1], text[1:]), repeats))
    return best / (B * T)


def product_rate():
    """FLOP/s of a layer's three products together; None if one of them is wrong."""
    x, dy, w = torch.randn(2048, 128), torch.randn(2048, 384), torch.randn(384, 128)

    def products():
        return x @ w.t(), dy @ w, dy.t() @ x

    right = (x.double() @ w.double().t(), dy.double() @ w.double(), dy.double().t() @ x.double())
    # float sums of up to 2048 products of numbers near 1
    if any((a.double() - b).abs().max() > 0.02 for a, b in zip(products(), right)):
        return None
    return 6 * 2048 * 128 * 384 / fastest(products, 40)


def main(words):
    product = words[:1] == ["--product"]
    threads = words[1:2] if product else words[2:3]
    torch.set_num_threads(int(threads[0]) if threads else 1)
    torch.manual_seed(1)
    if product:
        rate = product_rate()
        print("" if rate is None else "%.4g" % rate)
        return 0
    tensors, texts = read_file(words[0])
    error = largest_error(tensors, texts)
    print("torch_error.%s\t%.3g\t1\t<= %g\t%s" % (words[1], error, TOLERANCE,
                                                     "yes" if error <= TOLERANCE else "no"))
    if not error <= TOLERANCE:
        print("torch_text.py: not the net of %s" % words[1], file=sys.stderr)
        return 1
    repeats = int(words[3]) if len(words) > 3 else 20
    print("torch.%s\t%.6g\ts\t-\t-" % (words[1], fastest_step(tensors, texts, repeats)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
