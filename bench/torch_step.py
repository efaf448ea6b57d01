"""The training step of train_speed.c in PyTorch, as fast as plain PyTorch 1.13 does it.

Coupled oscillators forward and backward (Euler, N 912, batch 2 x 64, phase noise 0.1), the frozen patch
network of src/model/classifier.c on generated and on 2 x 160 real images, drifting in its nine views and
in the pixels (include/mj/drifting.h), the norm of the gradient, Adam and the average of the weights.
Beside it: oscillators forward and backward alone, and sampling.

    torch_step.py SOURCE_ROOT [THREADS] [REPEATS]   fastest of the repeats, one figure a line, as figure.h
    torch_step.py --product [THREADS]               FLOP/s of the step's products, or nothing if wrong

The second form is for bench/run, which starts this with the BLAS kernels that are fastest here.
Written to win: what needs no gradient is outside autograd, the views of both classes go through one
batched call, a strided convolution is a product, gradients of views are handed to backward as they are.
"""
import gzip
import json
import math
import struct
import sys
import time

import torch

N, VISIBLE, RANDOM, CLASSES = 912, 784, 64, 10
DRAWN, GENERATED, REAL = 2, 64, 160  # classes of a step, images of each
BATCH = DRAWN * GENERATED
SPAN, NOISE = 3.0, 0.1
TEMPERATURES = torch.tensor([0.02, 0.05, 0.2]).view(3, 1, 1, 1)
DATA = "/usr/share/datasets/fashion-mnist/train-%s-idx%d-ubyte.gz"


def read_weights(path):
    """All tensors of a safetensors file in float."""
    with open(path, "rb") as file:
        content = file.read()
    length = struct.unpack("<Q", content[:8])[0]
    weights = {}
    for name, entry in json.loads(content[8:8 + length]).items():
        if name != "__metadata__":
            first, end = (8 + length + at for at in entry["data_offsets"])
            raw = torch.frombuffer(bytearray(content[first:end]), dtype=torch.float32)
            weights[name] = raw.view(entry["shape"])
    return weights


def read_images():
    """Training images [60000, 784] in [0, 1], and the places of each class."""
    with gzip.open(DATA % ("images", 3)) as file:
        raw = torch.frombuffer(bytearray(file.read()[16:]), dtype=torch.uint8)
    with gzip.open(DATA % ("labels", 1)) as file:
        label = torch.frombuffer(bytearray(file.read()[8:]), dtype=torch.uint8)
    image = raw.view(-1, VISIBLE).float() / 255
    return image, [(label == c).nonzero()[:, 0] for c in range(CLASSES)]


class Oscillators:
    """K, frequencies, drives and start phases; the start of a training of oscillator_net.c without
    the neighbours' couplings, which change no time."""

    def __init__(self):
        table = (CLASSES, N)
        self.K = (0.2 / math.sqrt(N) * torch.randn(N, N)).requires_grad_()
        self.omega = (0.05 * torch.randn(N)).requires_grad_()
        self.omega_class = torch.zeros(table).requires_grad_()
        self.drive_cos = (0.05 * torch.randn(table)).requires_grad_()
        self.drive_sin = (0.05 * torch.randn(table)).requires_grad_()
        self.theta0 = torch.full(table, math.pi / 2).requires_grad_()
        self.rest = [self.omega, self.omega_class, self.drive_cos, self.drive_sin, self.theta0]
        self.parameters = [self.K] + self.rest

    def run(self, label, n_steps):
        """Pixels [B, VISIBLE] after Euler steps; sine and cosine share one product a step."""
        B, h = len(label), SPAN / n_steps
        start = torch.rand(B, RANDOM) * (2 * math.pi) - math.pi
        theta = torch.cat([self.theta0[label][:, :N - RANDOM], start], 1)
        omega = self.omega + self.omega_class[label]
        drive = torch.cat([self.drive_cos[label], -self.drive_sin[label]])
        K_t = self.K.t()
        for _ in range(n_steps):
            sine, cosine = theta.sin(), theta.cos()
            pull = torch.addmm(drive, torch.cat([sine, cosine]), K_t)
            rate = torch.addcmul(torch.addcmul(omega, cosine, pull[:B]), sine, pull[B:], value=-1)
            theta = theta.add(rate, alpha=h).add_(torch.randn(B, N), alpha=NOISE * math.sqrt(h))
        return 0.5 - 0.5 * theta[:, :VISIBLE].cos()


class PatchNetwork:
    """The frozen loss network: maps 8x8x48 and 4x4x96 in quadrants, and 128 features."""

    def __init__(self, weights):
        self.linear = [(weights[name].t().contiguous(), weights[name + ".bias"])
                       for name in ("patch1", "patch2", "linear1")]

    def layer(self, k, x):
        weight, bias = self.linear[k]
        return torch.nn.functional.silu(torch.addmm(bias, x, weight))

    def views(self, image):
        """Nine views as [4, B, 768], [4, B, 384] and [1, B, 128]."""
        B = len(image)
        patch = image.view(B, 28, 28).unfold(1, 7, 3).unfold(2, 7, 3).reshape(B * 64, 49)
        a = self.layer(0, patch).view(B, 4, 2, 4, 2, 48)
        b = self.layer(1, a.transpose(2, 3).reshape(B * 16, 192)).view(B, 4, 4, 96)
        feature = self.layer(2, b.view(B, 1536))
        return [quadrants(a.view(B, 8, 8, 48)), quadrants(b), feature[None]]


def quadrants(x):
    """[B, S, S, C] as [4, B, S/2 * S/2 * C]."""
    B, S, _, C = x.shape
    x = x.view(B, 2, S // 2, 2, S // 2, C)
    return x.permute(1, 3, 0, 2, 4, 5).reshape(4, B, S // 2 * (S // 2) * C)


def drift_gradient(generated, real, weight):
    """Of V views [V, C G, D] against [V, C P, D], each class by itself: include/mj/drifting.h."""
    V, _, D = generated.shape
    sets = V * DRAWN
    x, y = generated.reshape(sets, GENERATED, D), real.reshape(sets, REAL, D)
    every = torch.cat([y, x], 1)
    square = every.norm(dim=2).square_()
    distance = torch.baddbmm(square[:, None], x, every.transpose(1, 2), alpha=-2)
    distance.add_(square[:, REAL:, None]).clamp_min_(0).sqrt_()
    distance.div_(distance.sum((1, 2), keepdim=True) / (GENERATED * (REAL + GENERATED - 1)))
    distance[:, :, REAL:].diagonal(dim1=1, dim2=2).fill_(1000)
    logit = distance.neg_() / TEMPERATURES
    affinity = logit.softmax(2).mul_(logit.softmax(3)).clamp_min_(1e-24).sqrt_()
    to_real, to_own = affinity[..., :REAL], affinity[..., REAL:]
    push, pull = to_own.sum(3, keepdim=True), to_real.sum(3, keepdim=True)
    to_real.mul_(push)
    to_own.mul_(-pull)
    stacked = affinity.transpose(0, 1).reshape(sets, 3 * GENERATED, -1)
    drift = torch.bmm(stacked, every).view(sets, 3, GENERATED, D)
    scale = (-2 * weight / (DRAWN * GENERATED * D)) / drift.norm(dim=3).mean(2)
    gradient = torch.bmm(scale[:, None], drift.view(sets, 3, GENERATED * D))
    return gradient.view(generated.shape)


class Training:
    def __init__(self, root):
        self.net = Oscillators()
        self.network = PatchNetwork(read_weights(root + "/data/trained/loss-fashion.safetensors"))
        self.image, self.of_class = read_images()
        groups = [{"params": [self.net.K], "lr": 3e-4}, {"params": self.net.rest, "lr": 3e-3}]
        self.adam = torch.optim.Adam(groups, betas=(0.9, 0.95), foreach=True)
        self.average = [p.detach().clone() for p in self.net.parameters]

    def draw(self):
        classes = torch.randperm(CLASSES)[:DRAWN]
        at = [self.of_class[c][torch.randint(len(self.of_class[c]), (REAL,))] for c in classes]
        return classes.repeat_interleave(GENERATED), self.image[torch.cat(at)]

    def step(self, n_steps):
        label, real = self.draw()
        self.adam.zero_grad(set_to_none=True)
        pixel = self.net.run(label, n_steps)
        views = [pixel[None]] + self.network.views(pixel)
        with torch.no_grad():
            real_views = [real[None]] + self.network.views(real)
            share = [0.5, 0.5 / 9, 0.5 / 9, 0.5 / 9]
            gradients = [drift_gradient(v, r, w) for v, r, w in zip(views, real_views, share)]
        torch.autograd.backward(views, gradients)
        torch.nn.utils.clip_grad_norm_(self.net.parameters, 1e9)
        self.adam.step()
        with torch.no_grad():
            for average, p in zip(self.average, self.net.parameters):
                average.lerp_(p, 1 - 0.998)

    def dynamics(self, n_steps):
        """Forward and backward alone."""
        label = torch.arange(BATCH) % CLASSES
        self.adam.zero_grad(set_to_none=True)
        pixel = self.net.run(label, n_steps)
        pixel.backward(torch.ones_like(pixel))

    def sample(self, n_steps):
        with torch.no_grad():
            self.net.run(torch.arange(BATCH) % CLASSES, n_steps)


def fastest(what, repeats):
    best = math.inf
    for _ in range(repeats):
        start = time.perf_counter()
        what()
        best = min(best, time.perf_counter() - start)
    return best


def product_rate():
    """FLOP/s of the three products of a step together; None if one of them is wrong."""
    a, K, all_steps = torch.randn(2 * BATCH, N), torch.randn(N, N), torch.randn(12 * BATCH, N)

    def products():
        return a @ K.t(), a @ K, all_steps.t() @ all_steps

    right = (a.double() @ K.double().t(), a.double() @ K.double(),
             all_steps.double().t() @ all_steps.double())
    # float sums of up to 1536 products of numbers near 1
    if any((x.double() - y).abs().max() > 0.02 for x, y in zip(products(), right)):
        return None
    return 2 * N * N * (4 * BATCH + 12 * BATCH) / fastest(products, 12)


def main(words):
    product = words[:1] == ["--product"]
    torch.set_num_threads(int(words[1]) if len(words) > 1 else 1)
    torch.manual_seed(1)
    if product:
        rate = product_rate()
        print("" if rate is None else "%.4g" % rate)
        return
    repeats = int(words[2]) if len(words) > 2 else 10
    training = Training(words[0])
    for name, what in (("step_6", lambda: training.step(6)), ("step_12", lambda: training.step(12)),
                       ("dynamics_6", lambda: training.dynamics(6)),
                       ("sample_12", lambda: training.sample(12))):
        print("torch.%s\t%.6g\ts\t-\t-" % (name, fastest(what, repeats)))


if __name__ == "__main__":
    main(sys.argv[1:])
