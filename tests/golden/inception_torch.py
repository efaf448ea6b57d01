"""Features of FID's Inception v3 by PyTorch, for test_inception.c: an independent program.

    /usr/bin/python3 tests/golden/inception_torch.py > tests/golden/inception_features.h

The network is written here once more, block by block as torchvision's names say, with all widths divided
by 16. Weights and images are formulas that the test knows too; no file goes from one to the other.
With `--file PATH [--divisor N]` it writes the weights as safetensors instead (to time the full network).
"""
import json
import struct
import sys

import numpy
import torch
import torch.nn.functional as F

SIDE, N_IMAGES = 28, 3


def noise(name, n):
    """n numbers in [0, 1) of a tensor's name: FNV-1a of the name, then a hash of salt and index."""
    salt = 2166136261
    for byte in name.encode():
        salt = (salt ^ byte) * 16777619 & 0xFFFFFFFF
    x = numpy.arange(n, dtype=numpy.uint32) * numpy.uint32(2654435761) + numpy.uint32(salt)
    for shift, factor in ((15, 2246822519), (13, 3266489917)):
        x = (x ^ (x >> numpy.uint32(shift))) * numpy.uint32(factor)
    x ^= x >> numpy.uint32(16)
    return (x >> numpy.uint32(8)).astype(numpy.float64) / (1 << 24)


def tensor(name, shape):
    """Weights that keep the size of what goes through: variance 2 / inputs; see fill in the test."""
    u = noise(name, int(numpy.prod(shape)))
    if name.endswith("conv.weight"):
        u = (2 * u - 1) * numpy.sqrt(6 / numpy.prod(shape[1:]))
    elif name.endswith("weight") or name.endswith("var"):
        u = u + 0.5
    else:
        u = (u - 0.5) / 4
    return torch.tensor(u.astype(numpy.float32)).view(shape)


class Network:
    def __init__(self, divisor):
        self.divisor, self.made = divisor, {}

    def get(self, name, *shape):
        if name not in self.made:
            self.made[name] = tensor(name, shape)
        return self.made[name]

    def conv(self, x, name, width, size, stride=1, padding=0):
        rows, columns = size if isinstance(size, tuple) else (size, size)
        N = width // self.divisor
        y = F.conv2d(x, self.get(name + ".conv.weight", N, x.shape[1], rows, columns), None, stride,
                     padding)
        parts = [self.get(name + ".bn." + part, N)
                 for part in ("running_mean", "running_var", "weight", "bias")]
        return F.relu(F.batch_norm(y, *parts, training=False, eps=1e-3))

    def block_a(self, x, at, pool):
        a = self.conv(x, at + ".branch1x1", 64, 1)
        b = self.conv(self.conv(x, at + ".branch5x5_1", 48, 1), at + ".branch5x5_2", 64, 5, 1, 2)
        c = self.conv(x, at + ".branch3x3dbl_1", 64, 1)
        c = self.conv(c, at + ".branch3x3dbl_2", 96, 3, 1, 1)
        c = self.conv(c, at + ".branch3x3dbl_3", 96, 3, 1, 1)
        d = F.avg_pool2d(x, 3, 1, 1, count_include_pad=False)
        return torch.cat([a, b, c, self.conv(d, at + ".branch_pool", pool, 1)], 1)

    def block_b(self, x, at):
        a = self.conv(x, at + ".branch3x3", 384, 3, 2)
        b = self.conv(x, at + ".branch3x3dbl_1", 64, 1)
        b = self.conv(b, at + ".branch3x3dbl_2", 96, 3, 1, 1)
        b = self.conv(b, at + ".branch3x3dbl_3", 96, 3, 2)
        return torch.cat([a, b, F.max_pool2d(x, 3, 2)], 1)

    def block_c(self, x, at, width):
        across, down = ((1, 7), 1, (0, 3)), ((7, 1), 1, (3, 0))
        a = self.conv(x, at + ".branch1x1", 192, 1)
        b = self.conv(x, at + ".branch7x7_1", width, 1)
        b = self.conv(b, at + ".branch7x7_2", width, *across)
        b = self.conv(b, at + ".branch7x7_3", 192, *down)
        c = self.conv(x, at + ".branch7x7dbl_1", width, 1)
        c = self.conv(c, at + ".branch7x7dbl_2", width, *down)
        c = self.conv(c, at + ".branch7x7dbl_3", width, *across)
        c = self.conv(c, at + ".branch7x7dbl_4", width, *down)
        c = self.conv(c, at + ".branch7x7dbl_5", 192, *across)
        d = F.avg_pool2d(x, 3, 1, 1, count_include_pad=False)
        return torch.cat([a, b, c, self.conv(d, at + ".branch_pool", 192, 1)], 1)

    def block_d(self, x, at):
        a = self.conv(self.conv(x, at + ".branch3x3_1", 192, 1), at + ".branch3x3_2", 320, 3, 2)
        b = self.conv(x, at + ".branch7x7x3_1", 192, 1)
        b = self.conv(b, at + ".branch7x7x3_2", 192, (1, 7), 1, (0, 3))
        b = self.conv(b, at + ".branch7x7x3_3", 192, (7, 1), 1, (3, 0))
        b = self.conv(b, at + ".branch7x7x3_4", 192, 3, 2)
        return torch.cat([a, b, F.max_pool2d(x, 3, 2)], 1)

    def block_e(self, x, at, by_maximum):
        a = self.conv(x, at + ".branch1x1", 320, 1)
        b = self.conv(x, at + ".branch3x3_1", 384, 1)
        b = [self.conv(b, at + ".branch3x3_2a", 384, (1, 3), 1, (0, 1)),
             self.conv(b, at + ".branch3x3_2b", 384, (3, 1), 1, (1, 0))]
        c = self.conv(x, at + ".branch3x3dbl_1", 448, 1)
        c = self.conv(c, at + ".branch3x3dbl_2", 384, 3, 1, 1)
        c = [self.conv(c, at + ".branch3x3dbl_3a", 384, (1, 3), 1, (0, 1)),
             self.conv(c, at + ".branch3x3dbl_3b", 384, (3, 1), 1, (1, 0))]
        d = (F.max_pool2d(x, 3, 1, 1) if by_maximum
             else F.avg_pool2d(x, 3, 1, 1, count_include_pad=False))
        return torch.cat([a] + b + c + [self.conv(d, at + ".branch_pool", 192, 1)], 1)

    def features(self, image):
        """[n, 2048 / divisor] of images [n, 3, h, w] in [0, 1]."""
        x = 2 * F.interpolate(image, (299, 299), mode="bilinear", align_corners=False) - 1
        x = self.conv(x, "Conv2d_1a_3x3", 32, 3, 2)
        x = self.conv(x, "Conv2d_2a_3x3", 32, 3)
        x = F.max_pool2d(self.conv(x, "Conv2d_2b_3x3", 64, 3, 1, 1), 3, 2)
        x = self.conv(x, "Conv2d_3b_1x1", 80, 1)
        x = F.max_pool2d(self.conv(x, "Conv2d_4a_3x3", 192, 3), 3, 2)
        for at, pool in (("Mixed_5b", 32), ("Mixed_5c", 64), ("Mixed_5d", 64)):
            x = self.block_a(x, at, pool)
        x = self.block_b(x, "Mixed_6a")
        for at, width in (("Mixed_6b", 128), ("Mixed_6c", 160), ("Mixed_6d", 160), ("Mixed_6e", 192)):
            x = self.block_c(x, at, width)
        x = self.block_d(x, "Mixed_7a")
        x = self.block_e(self.block_e(x, "Mixed_7b", False), "Mixed_7c", True)
        return F.adaptive_avg_pool2d(x, 1).flatten(1)


def images():
    """Grey levels of 8 bits: a ramp, noise, and both; three equal colours."""
    pixel = numpy.arange(SIDE * SIDE)
    ramp = (pixel // SIDE * 9 + pixel % SIDE * 3) % 256
    grain = numpy.floor(256 * noise("image", SIDE * SIDE))
    grey = numpy.stack([ramp, grain, numpy.floor((ramp + grain) / 2)]) / 255
    grey = torch.tensor(grey.astype(numpy.float32)).view(N_IMAGES, 1, SIDE, SIDE)
    return grey.expand(-1, 3, -1, -1)


def write_file(made, path):
    header, parts, at = {}, [], 0
    for name, value in made.items():
        raw = value.numpy().tobytes()
        header[name] = {"dtype": "F32", "shape": list(value.shape), "data_offsets": [at, at + len(raw)]}
        parts.append(raw)
        at += len(raw)
    text = json.dumps(header).encode()
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + b"".join(parts))


def main(words):
    divisor = int(words[words.index("--divisor") + 1]) if "--divisor" in words else 16
    network = Network(divisor)
    feature = network.features(images())
    if "--file" in words:
        write_file(network.made, words[words.index("--file") + 1])
        print(feature[:, :8])
        return
    print("/* Written by inception_torch.py with PyTorch %s. */" % torch.__version__)
    print("static const struct {\n    const char *name;\n    int N, C, rows, columns;\n"
          "} inception_convolutions[] = {")
    for name, value in network.made.items():
        if name.endswith(".conv.weight"):
            print('    {"%s", %d, %d, %d, %d},' % ((name[:-len(".conv.weight")],) + tuple(value.shape)))
    print("};")
    print("static const double inception_features[%d][%d] = {" % tuple(feature.shape))
    for row in feature.tolist():
        words = ["%.7g" % value for value in row]
        lines = [", ".join(words[i:i + 8]) for i in range(0, len(words), 8)]
        print("    {" + ",\n     ".join(lines) + "},")
    print("};")


if __name__ == "__main__":
    main(sys.argv[1:])
