#!/usr/bin/env python3
"""Drives a robot with ROS 1 by `imprint agent`: images in, wheel commands out.

    python3 ros1_node.py --name mybot --model model.safetensors --robot mybot.yaml

docs/how-to/on-the-robot.md tells the steps. The robot stops without images, and at the end.
"""

import sys
import time

import rospy
from duckietown_msgs.msg import WheelsCmdStamped
from sensor_msgs.msg import CompressedImage
from wheel_driver import WheelDriver, driver_settings, end_on_signals, parse_options, start_agent

IMAGE_BYTES_MAX = 1 << 24  # a smaller buffer of rospy lets old images queue


def main(arguments=None):
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    options = parse_options("drives a robot with ROS 1", rospy.myargv(["", *arguments])[1:])
    agent = start_agent(options)
    # ROS's own handlers would close the topics before the robot is stopped
    rospy.init_node("imprint_agent", disable_signals=True)
    publisher = rospy.Publisher(options.wheels, WheelsCmdStamped, queue_size=1)

    def publish(left, right):
        message = WheelsCmdStamped()
        message.header.stamp = rospy.Time.now()
        message.vel_left, message.vel_right = left, right
        publisher.publish(message)

    driver = WheelDriver(agent, publish, **driver_settings(options, rospy.loginfo))
    end_on_signals(driver)
    rospy.on_shutdown(driver.close)  # `rosnode kill`: before the topics are closed
    rospy.Subscriber(
        options.camera,
        CompressedImage,
        lambda message: driver.on_image(bytes(message.data)),
        queue_size=1,
        buff_size=IMAGE_BYTES_MAX,
    )
    rospy.loginfo(f"{options.camera} -> {options.wheels}")
    try:
        driver.start()
        while not rospy.is_shutdown() and not driver.ended:
            time.sleep(0.05)
    finally:
        driver.close()
        agent.close()
        rospy.signal_shutdown("the drive has ended")
    return 0 if driver.failure is None else 1


if __name__ == "__main__":
    sys.exit(main())
